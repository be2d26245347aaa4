"""One coherent family of features a file: its names, and a function from a `Context` to a float32 (n, names) matrix.

`registry` lists them; nothing else decides which columns exist or in which order.
"""
