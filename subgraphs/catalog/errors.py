"""What the catalog refuses besides the shared refusals."""

from dataclasses import dataclass

from subgraphs.kit.runtime.refusals import Refusal


class InvalidAttribute(Refusal):
    """Raised when an attribute is unknown in the category, missing, or has a value of another type."""

    code = "INVALID_ATTRIBUTE"

    def __init__(self, message: str, attribute: str) -> None:
        super().__init__(message, "attributes", attribute)
        self.attribute = attribute


class ForbiddenTransition(Refusal):
    """Raised when a product's status cannot go where it was sent."""

    code = "FORBIDDEN_TRANSITION"

    def __init__(self, current: str, wanted: str) -> None:
        super().__init__(f"A product cannot go from {current} to {wanted}", "status")
        self.current = current
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class Shortage:
    """A line that cannot be served: what is left of the product, n >= 0."""

    product_id: str
    available: int


class OutOfStock(Refusal):
    """Raised when at least one line asks for more than there is; nothing is reserved then."""

    code = "OUT_OF_STOCK"

    def __init__(self, lines: list[Shortage]) -> None:
        super().__init__("Some products are not available in that quantity", "lines")
        self.lines = lines
