"""What is known of a buyer and a product at one instant, as numbers.

Comes in: behaviour events, one at a time, in any order. Goes out: a `BuyerProfile`, `ProductCounters`, and from them a
float32 matrix with a row for each candidate product. The training set and the worker call the same functions, so a feature
cannot mean one thing offline and another online. Pure: no I/O, no clock. Imports nothing of `workers`.
"""
