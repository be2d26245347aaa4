"""From a durable row to a woken worker: envelope, queue, stream, jobs, sweeper. Imports runtime alone."""
