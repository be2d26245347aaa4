"""Notifications as a Strawberry subgraph: translation only."""
