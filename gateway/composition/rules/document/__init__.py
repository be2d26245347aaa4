"""Rules for a document before it is read as a schema."""
