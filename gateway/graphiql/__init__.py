"""The GraphiQL page: its sources go in, built files come out, and `page` hands them to the server as plain values.

It knows nothing of the market: example operations, demo accounts and the title come from a folder that the gateway's
settings may name. Imports nothing of this repository.
"""
