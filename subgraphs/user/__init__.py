"""Users: accounts, credentials, roles, sessions, addresses, and which e-mail addresses are verified. Issues the clients' tokens.

Owns: its database. Calls: config, notification. Publishes: `user.verification_asked` and `user.email_verified`, which it delivers to
notification from its own outbox, and in Redis the ids of sessions that ended.
"""
