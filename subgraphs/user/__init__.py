"""Users: accounts, credentials, roles, sessions, addresses. Issues the clients' tokens. Calls the config service; publishes no events."""
