"""The catalog as a Strawberry subgraph: translation only."""
