"""Which subgraphs resolve which fields, and through which keys one gets there: needs come in, a solution goes out."""
