"""The services that notification asks, one a file."""
