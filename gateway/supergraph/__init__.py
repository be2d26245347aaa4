"""The text of a supergraph comes in; frozen lookups and the public API schema go out. Pure: no I/O, no clock."""
