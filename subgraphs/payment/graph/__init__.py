"""The payment schema: translation between the contract and the commands and queries, and nothing else."""
