"""Improvements of written drafts, one a file: drafts come in, fewer or better requests go out."""
