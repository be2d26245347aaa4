"""The analytics database: an append-only log of all orders' events, complete and never changed. Its own database and migrations."""
