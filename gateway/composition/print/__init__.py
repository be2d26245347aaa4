"""The merged model becomes text: the supergraph's, and the API schema that clients see of it."""
