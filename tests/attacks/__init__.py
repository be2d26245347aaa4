"""Attacks on a running gateway: of clients on its edge, of operations on its limits, of hostile subgraphs on its wire.

`python -m tests.attacks` plays them all and prints what each came to, and what it cost both sides.
"""
