"""The gateway: an HTTP request comes in, a GraphQL answer joined from many subgraphs goes out.

It is a general Apollo Federation 2 gateway and knows nothing of the market. Layers, each importing only those after it:
cli > server | composition > pipeline > execution > planning > operation > supergraph > settings | errors.
Of the rest of this repository it imports `subgraphs.kit.runtime` alone.
"""
