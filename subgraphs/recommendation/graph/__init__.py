"""Recommendation as a Strawberry subgraph: translation only."""
