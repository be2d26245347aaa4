"""From a Strawberry schema to an HTTP service: app, context, access, errors, scalars, connections, export, command line."""
