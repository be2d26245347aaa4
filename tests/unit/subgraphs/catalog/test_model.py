import pytest

from subgraphs.catalog import model
from subgraphs.catalog.errors import ForbiddenTransition, InvalidAttribute
from subgraphs.catalog.model import AttributeType, AttributeValue, Availability, Definition, ProductStatus
from subgraphs.kit.graph.scalars import MAX_MINOR_UNITS
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.order.model import MAX_LINES, MAX_QUANTITY
from subgraphs.order.quote import PricedLine, Quote

COLOUR = Definition("d1", "colour", AttributeType.ENUM, ("red", "blue"), is_required=True)
WEIGHT = Definition("d2", "weight", AttributeType.NUMBER, (), is_required=False)


@pytest.mark.parametrize(
    ("current", "wanted"),
    [(current, wanted) for current in ProductStatus for wanted in ProductStatus],
    ids=lambda status: status.value,
)
def test_a_status_moves_along_the_table_only(current: ProductStatus, wanted: ProductStatus) -> None:
    if wanted is current or wanted in model.TRANSITIONS[current]:
        model.check_transition(current, wanted)
    else:
        with pytest.raises(ForbiddenTransition):
            model.check_transition(current, wanted)


def test_an_archived_product_cannot_be_published_again_at_once() -> None:
    with pytest.raises(ForbiddenTransition):
        model.check_transition(ProductStatus.ARCHIVED, ProductStatus.PUBLISHED)


@pytest.mark.parametrize(
    ("stock", "said"),
    [
        (0, Availability.OUT_OF_STOCK),
        (1, Availability.LOW_STOCK),
        (4, Availability.LOW_STOCK),
        (5, Availability.IN_STOCK),
    ],
)
def test_availability_hides_the_exact_stock(stock: int, said: Availability) -> None:
    assert model.availability_of(stock) is said


def test_the_largest_order_at_the_largest_price_fits_a_json_number() -> None:
    lines = tuple(PricedLine(f"product-{n}", "seller", "A", MAX_QUANTITY, model.MAX_PRICE) for n in range(MAX_LINES))
    assert Quote(lines, "RUB").total + 39_000 <= MAX_MINOR_UNITS


@pytest.mark.parametrize("amount", [0, -1, model.MAX_PRICE + 1, 2**53 - 1, 2**53])
def test_a_price_that_is_not_positive_or_too_large_is_refused(amount: int) -> None:
    with pytest.raises(InvalidInput) as refusal:
        model.check_price(amount)
    assert refusal.value.path == ("price", "amount")


@pytest.mark.parametrize(
    ("values", "attribute"),
    [
        ([], "colour"),
        ([AttributeValue("colour", text="green")], "colour"),
        ([AttributeValue("colour", number=1.0)], "colour"),
        ([AttributeValue("colour", text="red"), AttributeValue("colour", text="blue")], "colour"),
        ([AttributeValue("colour", text="red"), AttributeValue("weight", text="heavy")], "weight"),
        ([AttributeValue("colour", text="red"), AttributeValue("weight", number=1.0, text="1")], "weight"),
        ([AttributeValue("colour", text="red"), AttributeValue("taste", text="sweet")], "taste"),
    ],
)
def test_attributes_follow_their_definitions(values: list[AttributeValue], attribute: str) -> None:
    with pytest.raises(InvalidAttribute) as refusal:
        model.check_attributes(values, [COLOUR, WEIGHT])
    assert refusal.value.attribute == attribute


def test_accepted_attributes_come_by_definition() -> None:
    values = [AttributeValue("colour", text="red"), AttributeValue("weight", number=1.5)]
    assert model.check_attributes(values, [COLOUR, WEIGHT]) == {"d1": values[0], "d2": values[1]}


@pytest.mark.parametrize("lines", [{}, {"p": 0}, {"p": -1}, {"p": 10_001}, {str(i): 1 for i in range(101)}])
def test_a_reservation_needs_sane_lines(lines: dict[str, int]) -> None:
    with pytest.raises(InvalidInput):
        model.check_reservation(lines)


def test_a_slug_is_readable_ascii_and_unique_by_the_id() -> None:
    first = model.slug_of("Ça va — Thé Vert 250 g", "019a0000-0000-7000-8000-00000000abcd")
    assert first == "ca-va-the-vert-250-g-0000abcd"
    assert model.slug_of("茶", "019a0000-0000-7000-8000-00000000abcd") == "product-0000abcd"
