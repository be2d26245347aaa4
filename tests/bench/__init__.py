"""Measures the gateway beside its peers: `python -m tests.bench`. Subgraphs, load and gateways are processes on one machine."""
