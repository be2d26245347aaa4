"""Fetches and what they wait for: a solution comes in, fetch nodes in batches go out."""
