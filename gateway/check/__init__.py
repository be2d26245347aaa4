"""What a new supergraph changes for the clients of the one in service."""
