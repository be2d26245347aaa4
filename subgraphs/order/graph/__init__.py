"""Orders as a Strawberry subgraph: translation only."""
