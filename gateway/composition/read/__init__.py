"""The text of subgraphs and supergraphs becomes what composition works on, or everything that is wrong with it as GraphQL."""
