"""Documents and representations: batches come in, the plan goes out."""
