"""Notifications: what accounts are told, through which channels, and what became of it.

Owns: its database. Calls: config, user (the address, the language and the token that verifies the address, at the moment of sending, so
that no event carries them), and the providers of e-mail. Publishes: nothing; its deliveries are jobs of its own. Takes in: orders' events
by a stream, and accounts' events from user.
"""
