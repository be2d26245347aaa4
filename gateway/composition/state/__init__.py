"""What merging, its rules and the proof share: the subgraphs that are merged, and what is decided of their directives before."""
