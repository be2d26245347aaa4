"""The feed as a Strawberry subgraph: translation only."""
