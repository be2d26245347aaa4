"""Random worlds: a schema with data, split over subgraphs at random, and random operations on it.

A world is drawn from a `random.Random`, so that Hypothesis can make it and shrink it. Objects are dicts with all their fields; each
subgraph resolves from them only what its SDL has, and fields with a requirement only from what the gateway sent. So the
gateway's answer to any operation must equal that of one schema over the same objects. `trials` puts them side by side.
"""
