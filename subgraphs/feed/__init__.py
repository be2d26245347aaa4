"""The feed: pages of a buyer's slate, and what buyers did with what they saw.

Owns: no database. Calls: recommendation, config. Publishes: `behaviour.tracked`, through an append-only stream.
"""
