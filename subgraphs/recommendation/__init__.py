"""Recommendation: what is known of buyers and products, the slates that the workers rank, and the models they rank with.

Owns: its database, together with the ranking workers, which are the same domain. Calls: config. Publishes: nothing; it wakes its
own workers.
"""
