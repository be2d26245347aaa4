"""Rules for what several subgraphs say of one thing."""
