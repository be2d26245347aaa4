"""HTTP comes in as bytes; HTTP goes out as bytes. Everything between is the pipeline's."""
