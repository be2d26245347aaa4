"""The text of a request comes in; a parsed, limited, validated and normalised Operation goes out. Pure: no I/O, no clock.

May import `supergraph`, `settings` and `errors`.
"""
