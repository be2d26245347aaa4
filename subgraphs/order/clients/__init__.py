"""The services that order asks, one a file."""
