"""A normalised Operation and the frozen supergraph come in; an immutable Plan goes out, the same for the same input.

Pure: no I/O, no clock but the caller's budget. `plan` is the only module that execution reads. ALGORITHM.md tells how.
"""
