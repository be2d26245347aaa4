"""What any process needs: settings, logs, trace, deadline, identity, health, client, config, server. Imports nothing of the kit above it."""
