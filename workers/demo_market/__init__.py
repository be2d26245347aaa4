"""The demo market, made from a seed: who sells, what, to whom, and ninety days of what they did; and real orders to compare.

Comes in: a seed and an instant. Goes out: JSON Lines that every subgraph's ``seed`` command reads. `generate` is the map;
it and all below it are pure, only `files` writes. `online_retail` reads a public data set of real orders, for evaluation.
"""
