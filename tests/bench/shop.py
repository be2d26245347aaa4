"""The shop of the public gateway benchmark: accounts, inventory, products and reviews, with its data sizes, in memory.

Beyond the public scenario there is a long list (`catalog`, 1,000 products) and a field that is slow to come (`warehouse`).
"""

from typing import Any

from graphql import GraphQLSchema, build_schema, execute_sync, parse

from gateway.composition.compose import compose
from gateway.composition.model import Subgraph

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", '
    'import: ["@key", "@external", "@requires", "@provides", "@shareable"])\n'
)
SDL = {
    "accounts": """
        type Query { me: User user(id: ID!): User users: [User] }
        type User @key(fields: "id") { id: ID! name: String username: String @shareable birthday: Int }
    """,
    "inventory": """
        type Product @key(fields: "upc") {
          upc: String! weight: Int @external price: Int @external
          inStock: Boolean shippingEstimate: Int @requires(fields: "price weight") warehouse: String
        }
    """,
    "products": """
        type Query { topProducts(first: Int = 5): [Product] catalog(first: Int = 1000): [Product] }
        type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }
    """,
    "reviews": """
        type Review @key(fields: "id") { id: ID! body: String product: Product author: User @provides(fields: "username") }
        type User @key(fields: "id") { id: ID! username: String @external reviews: [Review] }
        type Product @key(fields: "upc") { upc: String! reviews: [Review] }
    """,
}

# What subgraphs serve beside their own SDL, without the directives that only composition reads.
_ENTITIES = {"accounts": "User", "inventory": "Product", "products": "Product", "reviews": "User | Product | Review"}

SLOW_FIELD = "warehouse"
SLOW_SECONDS = 0.05

_LOREM = "Lorem ipsum dolor sit amet consectetur " * 40
_USERS = [
    {"__typename": "User", "id": str(number), "name": name, "username": login, "birthday": 1234567890}
    for number, (name, login) in enumerate(
        [
            ("Uri Goldshtein", "urigo"),
            ("Dotan Simha", "dotansimha"),
            ("Kamil Kisiela", "kamilkisiela"),
            ("Arda Tanrikulu", "ardatan"),
            ("Gil Gardosh", "gilgardosh"),
            ("Laurin Quast", "laurin"),
        ],
        start=1,
    )
]
_NAMED = [
    ("Table", 899, 100), ("Couch", 1299, 1000), ("Glass", 15, 20), ("Chair", 499, 100), ("TV", 1299, 1000),
    ("Lamp", 6999, 300), ("Grill", 3999, 2000), ("Fridge", 100000, 6000), ("Sofa", 9999, 800),
]  # fmt: skip
_PRODUCTS = [
    {"__typename": "Product", "upc": str(number), "name": name, "price": price, "weight": weight}
    for number, (name, price, weight) in enumerate(
        [*_NAMED, *((f"Thing {number}", 10 + number, 5 * number) for number in range(10, 1001))], start=1
    )
]
_PRODUCT = {product["upc"]: product for product in _PRODUCTS}
_REVIEWS = [
    {"__typename": "Review", "id": str(number), "body": _LOREM[:length], "product": upc}
    for number, (length, upc) in enumerate(
        [
            (443, "1"), (287, "1"), (270, "1"), (143, "1"), (443, "2"), (287, "2"), (270, "2"), (143, "2"), (143, "3"),
            (143, "4"), (820, "4"),
        ],
        start=1,
    )
]  # fmt: skip


def supergraph(origin: str) -> str:
    """The supergraph's SDL, composed by this project, with every subgraph at ``{origin}/{name}``."""
    return compose([Subgraph(name, f"{origin}/{name}", LINK + sdl) for name, sdl in SDL.items()]).supergraph_sdl


def answer_as_one(api: GraphQLSchema, query: str) -> dict[str, Any]:
    """The data that one server with the whole schema over the same shop would give."""
    result = execute_sync(api, parse(query), field_resolver=_resolve)
    assert result.data is not None
    assert not result.errors
    return result.data


class Shop:
    """Answers requests to the four subgraphs."""

    def __init__(self) -> None:
        self._schemas = {name: _schema(name) for name in SDL}

    def answer(self, service: str, request: dict[str, Any]) -> dict[str, Any]:
        """The response of a subgraph to a GraphQL request."""
        result = execute_sync(
            self._schemas[service],
            parse(request["query"]),
            variable_values=request.get("variables"),
            field_resolver=_resolve,
            type_resolver=lambda value, _info, _type: value["__typename"],
        )
        response: dict[str, Any] = {"data": result.data}
        if result.errors:
            response["errors"] = [error.formatted for error in result.errors]
        return response


def _schema(name: str) -> GraphQLSchema:
    plain = SDL[name]
    for directive in ("@shareable", "@external", '@provides(fields: "username")', '@requires(fields: "price weight")'):
        plain = plain.replace(directive, "")
    plain = plain.replace('@key(fields: "id")', "").replace('@key(fields: "upc")', "")
    query = "extend type Query" if "type Query" in plain else "type Query"
    return build_schema(
        f"{plain} scalar _Any union _Entity = {_ENTITIES[name]} {query} {{ _entities(representations: [_Any!]!): [_Entity]! }}"
    )


def _resolve(source: Any, info: Any, **arguments: Any) -> Any:
    match info.field_name:
        case "_entities":
            return [_entity(representation) for representation in arguments["representations"]]
        case "users":
            return _USERS
        case "me":
            return _USERS[0]
        case "user":
            return next((user for user in _USERS if user["id"] == arguments["id"]), None)
        case "topProducts" | "catalog":
            return _PRODUCTS[: arguments["first"]]
        case "reviews":
            if source["__typename"] == "User":
                return _REVIEWS[:2]
            return [review for review in _REVIEWS if review["product"] == source["upc"]]
        case "product":
            return _PRODUCT[source["product"]]
        case "author":
            return _USERS[0]
        case "inStock":
            return int(source["upc"]) % 4 != 2
        case "shippingEstimate":
            return 0 if source["price"] > 1000 else source["weight"] // 2
        case "warehouse":
            return f"hall {int(source['upc']) % 7}"
        case name:
            return source[name]


def _entity(representation: dict[str, Any]) -> Any:
    if representation["__typename"] == "Product":
        return {**_PRODUCT[representation["upc"]], **representation}
    known = _USERS if representation["__typename"] == "User" else _REVIEWS
    return next((item for item in known if item["id"] == representation["id"]), None)
