"""One buyer's slate: candidates are retrieved, hydrated with features, filtered, scored and diversified.

Comes in: a profile, a `Market` snapshot, a model, an instant, a seed. Goes out: a `Slate`. The same inputs give the same
slate. `pipeline` is the map; `model` is the only module that imports LightGBM. No I/O but `model.load`; no clock.
"""
