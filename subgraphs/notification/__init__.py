"""Notifications: what accounts are told, through which channels, and what became of it.

Owns: its database. Calls: config, user (the address and the language, at the moment of sending, so that no event carries them),
and the providers of e-mail. Publishes: nothing; its deliveries are jobs of its own.
"""
