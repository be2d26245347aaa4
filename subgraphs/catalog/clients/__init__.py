"""The services that catalog asks, one a file."""
