"""The fast path: a plan compiled to straight-line Python over typed objects."""
