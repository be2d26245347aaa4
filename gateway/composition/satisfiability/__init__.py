"""The proof that every query of the API schema can be answered, or the shortest query that cannot."""
