"""Proves a finished plan, without any of the code that made it."""
