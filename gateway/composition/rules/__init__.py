"""What makes subgraphs refuse to compose, one rule a file.

`subgraph` holds rules for one subgraph alone, `merging` those for what several subgraphs say of one thing, `supergraph` those for
the whole. `registry` lists them in order.
"""
