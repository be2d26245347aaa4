"""Payments: their state, the provider's events about them, refunds, and the outbox of results.

Owns payments, refunds, payment events, provider events, idempotency keys and its outbox. Calls the order service for what is owed and the
provider for the money. Publishes `payment.captured`, `payment.failed` and `payment.refunded`, for the order service.
"""
