"""The floor under the subgraphs; no word of any domain. Imports point down: graph > storage > messaging > runtime."""
