"""Subgraph SDLs come in; a supergraph, or every error in them, goes out. Pure, and only at build time."""
