"""The catalog: products, categories with typed attributes, pictures, stock and its reservations.

Owns: its database. Calls: config. Publishes: nothing yet; others ask.
"""
