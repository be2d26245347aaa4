"""Orders: from checkout to delivery, their history, and the log of all of them.

Owns: the order database, and the analytics database, which is append-only. Calls: catalog (prices, stock), user (addresses), payment (is a payment under way, take none
any more, give back the rest: payment owns the sums), config.
Publishes: `order.placed`, `order.status_changed`, `order.refund_owed`, by its outbox, and to
recommendation and notification by a stream for each. Takes in: payment results.
"""
