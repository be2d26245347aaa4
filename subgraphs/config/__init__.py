"""Configuration: feature flags, their rules and experiments, and the history of every change.

Owns: its database. Calls: nobody. Publishes: the revision, to whoever subscribes.
"""
