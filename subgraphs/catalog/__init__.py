"""The catalog: products, categories with typed attributes, pictures, stock and its reservations.

Owns: its database. Calls: order (whose stock is still wanted, before it frees any), config. Publishes: nothing yet; others ask.
"""
