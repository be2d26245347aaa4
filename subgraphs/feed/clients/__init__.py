"""The services that feed asks, one a file."""
