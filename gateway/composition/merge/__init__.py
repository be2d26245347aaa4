"""Analysed subgraph schemas come in; the types of the supergraph go out, or the conflicts between subgraphs. One kind a file."""
