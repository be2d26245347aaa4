"""The config service as a Strawberry subgraph: translation only."""
