"""A message for one person goes in; the provider's id of it comes out. One channel a file."""
