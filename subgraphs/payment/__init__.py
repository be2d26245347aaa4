"""Payments: their state, the provider's events about them, refunds, and the outbox of results.

Owns payments and all sums of money, refunds, payment events, provider events, orders' accounts, idempotency keys and its outbox. Calls the
order service for what is owed and the provider for the money, and keeps the two equal: `reconciling`. Publishes `payment.captured`, `payment.failed` and `payment.refunded`, for the order service.
"""
