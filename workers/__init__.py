"""What happens after the answer: actors that consume the queue, and the ranking code they run.

Comes in: behaviour events, orders, a timer. Goes out: counters, profiles, slates, models, deliveries.
Imports point one way: ``__main__ > actors > training | market > ranking > features > settings``.
"""
