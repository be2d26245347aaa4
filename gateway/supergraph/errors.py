"""Why a text cannot be served as a supergraph."""

from graphql import Node

from gateway.errors import GatewayError


class SupergraphError(GatewayError):
    """Raised when a text is not a supergraph, or asks for what this gateway does not know.

    Args:
        message: what is wrong, in a sentence for whoever deployed the file.
        code: ``INVALID_GRAPHQL``, ``INVALID_FEDERATION_SUPERGRAPH``, ``UNKNOWN_LINK_VERSION``,
            ``UNSUPPORTED_FEATURE``, ``UNLINKED_DIRECTIVE`` or ``INVALID_COST_DIRECTIVE``.
        line: where in the text, from 1; 0 if nowhere in particular.
        column: from 1; 0 if nowhere in particular.
    """

    def __init__(self, message: str, *, code: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{message} ({line}:{column})" if line else message)
        self.message = message
        self.code = code
        self.line = line
        self.column = column

    @staticmethod
    def at(node: Node, message: str, *, code: str) -> "SupergraphError":
        """Return the error with the place where a node begins; without one if the document was read without places."""
        if node.loc is None:
            return SupergraphError(message, code=code)
        start = node.loc.start_token
        return SupergraphError(message, code=code, line=start.line, column=start.column)
