"""Rules for the merged whole."""
