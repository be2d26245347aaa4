"""Measures the gateway beside its peers: `python -m tests.bench`. Subgraphs, load and gateways are processes on one machine.

`python -m tests.bench.hostile` and `python -m tests.bench.market` measure parts in their own process, and need nothing else.
"""
