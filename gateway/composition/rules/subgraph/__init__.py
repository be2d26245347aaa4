"""Rules for one subgraph alone."""
