"""The market's subgraphs: eight deployables of one shape, and the kit, the floor they share. A subgraph imports no other."""
