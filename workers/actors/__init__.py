"""The dramatiq actors, thin: a module for each domain, which opens what it needs and gives its actors.

Comes in: messages. Goes out: calls of the domains' own commands. A message only wakes; the job is a row, or an entry of a stream where the row is
another's. To add a domain: write a module with an `opened(settings)`, and name it in `registry`. An actor imports the domain it serves and no other.
"""
