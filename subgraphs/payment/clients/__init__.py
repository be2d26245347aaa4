"""The services that payment asks, one a file."""
