"""The services that user asks, one a file."""
