"""Arguments from contexts, from subgraphs' SDL to the answer: composed, planned, proved and executed over subgraphs of dicts."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import pytest
from graphql import GraphQLObjectType

from gateway.execution.compiled.layout import NotCovered
from gateway.execution.executor import Executor
from gateway.execution.interpreter.contexts import MAX_SETS_OF_VALUES
from gateway.execution.request import Answer, ExecutionRequest, SubgraphEndpoint
from gateway.execution.transport.fake import FakeTransport, Subgraph
from gateway.planning.check.checker import check
from gateway.planning.planner import plan
from gateway.supergraph.reader import read_supergraph
from tests.laboratory.composition import composed
from tests.support.execution import DictSubgraph
from tests.support.planning import normalized

GOODS = """
type Query { shops: [Shop] shop: Shop places: [Place] sellers: [Seller] }
union Place = Shop | Market
interface Seller { id: ID! items: [Item] }
type Shop implements Seller @key(fields: "id") @context(name: "place") @context(name: "owned") {
  id: ID! currency: String! locale: String owner: Owner items: [Item] grid: [[Item]] shelf: Shelf
}
type Market implements Seller @key(fields: "id") @context(name: "place") @context(name: "owned") {
  id: ID! money: String! locale: String owner: Owner shops: [Shop] items: [Item]
}
type Owner { name: String }
type Shelf { items: [Item] }
type Item @key(fields: "id") {
  id: ID!
  title: String
  price(net: Boolean, currency: String! @fromContext(field: "$place ... on Shop { currency } ... on Market { money }")): String
  label(locale: String @fromContext(field: "$place { locale }")): String
  sold(by: String @fromContext(field: "$owned { owner { name } }"), locale: String @fromContext(field: "$place { locale }")): String
  parts: [Item]
}
"""
NOTES = 'type Item @key(fields: "id") { id: ID! note: String }'


def price(_info: Any, currency: str, *, net: bool = False) -> str:
    return f"{currency}{' net' if net else ''}"


def label(_info: Any, locale: str | None) -> str:
    return f"in {locale}"


def sold(_info: Any, by: str | None, locale: str | None) -> str:
    return f"{by}/{locale}"


def item(id_: str) -> dict[str, Any]:
    return {"id": id_, "title": f"T{id_}", "price": price, "label": label, "sold": sold, "parts": [{"id": f"{id_}x"}]}


def shop(id_: str, currency: Any, *items: str, **more: Any) -> dict[str, Any]:
    listed = [item(each) for each in items]
    return {
        "__typename": "Shop",
        "id": id_,
        "currency": currency,
        "locale": f"l{id_}",
        "owner": {"name": f"O{id_}"},
        "items": listed,
        "grid": [listed, None, listed[:1]],
        "shelf": {"items": listed},
        **more,
    }


def market(id_: str, money: str, *shops: dict[str, Any], items: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "__typename": "Market",
        "id": id_,
        "money": money,
        "locale": f"l{id_}",
        "owner": None,
        "shops": [*shops],
        "items": [{"id": each} for each in items],
    }


def plain(sdl: str) -> str:
    """The SDL as the subgraph itself executes it, without federation's directives."""
    return re.sub(r'@\w+(\((?:[^()"]|"[^"]*")*\))?', "", sdl)


def goods(**roots: Any) -> DictSubgraph:
    ids = [f"{n}{suffix}" for n in range(200) for suffix in ("", "x")]
    return DictSubgraph(plain(GOODS), roots, {"Item": {id_: item(id_) for id_ in ids}})


def notes() -> DictSubgraph:
    return DictSubgraph(plain(NOTES), entities={"Item": {str(n): {"note": f"N{n}"} for n in range(9)}})


async def ask(
    text: str,
    transport: FakeTransport,
    sdls: Mapping[str, str] | None = None,
    variables: Mapping[str, Any] | None = None,
) -> Answer:
    supergraph = read_supergraph(composed(sdls or {"goods": GOODS, "notes": NOTES}).supergraph_sdl)
    operation = normalized(supergraph, text)
    made = plan(operation, supergraph)
    check(made, operation, supergraph)
    executor = Executor(
        transport=transport,
        services=[SubgraphEndpoint(name, url) for name, url in supergraph.subgraphs.items()],
        api_schema=supergraph.api,
    )
    executable = executor.prepare(made, operation)
    if any(group.contexts for fetch in made.fetches for group in fetch.groups):
        assert isinstance(executable.compile(), NotCovered)
    deadline = asyncio.get_running_loop().time() + 5
    return await executable.execute(ExecutionRequest(deadline=deadline, variables=variables or {}))


def entity_requests(transport: FakeTransport) -> list[dict[str, Any]]:
    return [sent.request for sent in transport.sent if "_entities" in sent.request["query"]]


async def test_entities_of_one_value_go_as_one_group() -> None:
    transport = FakeTransport({"goods": goods(shops=[shop("a", "EUR", "1", "2"), shop("b", "EUR", "2", "3")])})
    answer = await ask("{ shops { items { id price } } }", transport)
    assert answer.errors == []
    assert [[i["price"] for i in s["items"]] for s in answer.data["shops"]] == [["EUR", "EUR"], ["EUR", "EUR"]]
    (request,) = entity_requests(transport)
    assert [each["id"] for each in request["variables"]["representations"]] == ["1", "2", "3"]
    assert request["variables"]["context_0"] == "EUR"


async def test_entities_of_different_values_go_as_aliased_groups_of_one_request() -> None:
    shops = [shop("a", "EUR", "1", "2"), shop("b", "USD", "2"), shop("c", "EUR", "3")]
    transport = FakeTransport({"goods": goods(shops=shops)})
    text = "query($net: Boolean) { shops { items { id price(net: $net) again: price } } }"
    answer = await ask(text, transport, variables={"net": True})
    assert answer.errors == []
    assert answer.data["shops"] == [
        {"items": [{"id": i, "price": f"{currency} net", "again": currency} for i in ids]}
        for currency, ids in (("EUR", "12"), ("USD", "2"), ("EUR", "3"))
    ]
    (request,) = entity_requests(transport)
    assert request["variables"]["representations_0"] == [{"__typename": "Item", "id": i} for i in "123"]
    assert request["variables"]["representations_1"] == [{"__typename": "Item", "id": "2"}]
    assert (request["variables"]["context_0_0"], request["variables"]["context_0_1"]) == ("EUR", "USD")


async def test_neither_argument_nor_value_is_seen_by_clients() -> None:
    supergraph = read_supergraph(composed({"goods": GOODS, "notes": NOTES}).supergraph_sdl)
    item_type = supergraph.api.get_type("Item")
    assert isinstance(item_type, GraphQLObjectType)
    assert list(item_type.fields["price"].args) == ["net"]
    transport = FakeTransport({"goods": goods(shop=shop("a", "EUR", "1"))})
    answer = await ask("{ shop { items { price } } }", transport)
    assert answer.decoded() == {"data": {"shop": {"items": [{"price": "EUR"}]}}}


async def test_alias_of_a_client_does_not_pose_as_the_value() -> None:
    transport = FakeTransport({"goods": goods(shop=shop("a", "EUR", "1"))})
    answer = await ask("{ shop { currency: id items { price } } }", transport)
    assert answer.data == {"shop": {"currency": "a", "items": [{"price": "EUR"}]}}


async def test_null_is_given_to_an_argument_that_may_be_null() -> None:
    transport = FakeTransport({"goods": goods(shops=[shop("a", "EUR", "1", locale=None), shop("b", "EUR", "2")])})
    answer = await ask("{ shops { items { label } } }", transport)
    assert answer.errors == []
    assert [s["items"][0]["label"] for s in answer.data["shops"]] == ["in None", "in lb"]


async def test_null_for_an_argument_that_may_not_be_null_costs_its_fields_and_is_told() -> None:
    sdls = {"goods": GOODS.replace("id: ID! currency: String!", "id: ID! currency: String! @shareable"), "notes": NOTES}
    sdls["more"] = 'type Shop @key(fields: "id") { id: ID! currency: String @shareable }'
    transport = FakeTransport(
        {"goods": null_currency_of("b", goods(shops=[shop("a", "EUR", "1"), shop("b", "X", "2")]))}
    )
    answer = await ask("{ shops { items { id price } } }", transport, sdls)
    assert [s["items"][0] for s in answer.data["shops"]] == [{"id": "1", "price": "EUR"}, {"id": "2", "price": None}]
    (error,) = answer.errors
    assert error["path"] == ["shops", 1, "items", 0, "price"]
    assert error["extensions"] == {"code": "CONTEXT_WITHOUT_VALUE", "serviceName": "goods"}


def null_currency_of(id_: str, subgraph: Subgraph) -> Subgraph:
    """A subgraph that answers null for the currency of one shop, against its schema."""

    def answer(request: dict[str, Any]) -> Any:
        response = subgraph(request)
        listed = (response["data"] or {}).get("shops") or ()
        for index, each in enumerate(listed):
            if index == ord(id_) - ord("a"):
                each["__currency"] = None
        return response

    return answer


async def test_error_of_the_value_is_the_error_of_what_needs_it() -> None:
    sdls = {"goods": GOODS.replace("ID! currency: String!", "ID! currency: String! @external"), "notes": NOTES}
    sdls["money"] = 'type Shop @key(fields: "id") { id: ID! currency: String! }'
    transport = FakeTransport({"goods": goods(shops=[shop("a", None, "1")])})
    answer = await ask("{ shops { id items { id price } } }", transport, sdls)
    assert answer.data == {"shops": [{"id": "a", "items": [{"id": "1", "price": None}]}]}
    (error,) = answer.errors
    assert error["path"] == ["shops", 0, "items", 0, "price"]
    assert error["extensions"] == {"code": "SUBGRAPH_UNREACHABLE", "serviceName": "money"}


async def test_value_comes_from_another_subgraph_first() -> None:
    sdls = {"goods": GOODS.replace("ID! currency: String!", "ID! currency: String! @external"), "notes": NOTES}
    money_sdl = 'type Shop @key(fields: "id") { id: ID! currency: String! }'
    money = DictSubgraph(plain(money_sdl), entities={"Shop": {"a": {"currency": "CHF"}, "b": {"currency": "SEK"}}})
    transport = FakeTransport({"goods": goods(shops=[shop("a", None, "1"), shop("b", None, "1")]), "money": money})
    answer = await ask("{ shops { items { price } } }", transport, {**sdls, "money": money_sdl})
    assert answer.errors == []
    assert [s["items"][0]["price"] for s in answer.data["shops"]] == ["CHF", "SEK"]
    assert [sent.service for sent in transport.sent] == ["goods", "money", "goods"]


async def test_each_type_that_sets_the_context_gives_its_own_field() -> None:
    transport = FakeTransport({"goods": goods(places=[shop("a", "EUR", "1"), market("m", "GBP", items=("2",)), None])})
    text = "{ places { ... on Shop { items { price } } ... on Market { id items { price sold } } } }"
    answer = await ask(text, transport)
    assert answer.errors == []
    assert answer.data["places"] == [
        {"items": [{"price": "EUR"}]},
        {"id": "m", "items": [{"price": "GBP", "sold": "None/lm"}]},
        None,
    ]


async def test_interface_selection_gives_each_object_its_own_value() -> None:
    transport = FakeTransport({"goods": goods(sellers=[shop("a", "EUR", "1"), market("m", "GBP", items=("1",))])})
    answer = await ask("{ sellers { id items { price label } } }", transport)
    assert answer.errors == []
    assert [s["items"] for s in answer.data["sellers"]] == [
        [{"price": "EUR", "label": "in la"}],
        [{"price": "GBP", "label": "in lm"}],
    ]


async def test_nearest_object_that_sets_the_context_wins() -> None:
    places = [market("m", "GBP", shop("a", "EUR", "1"), shop("b", "USD", "1"), items=("1",))]
    transport = FakeTransport({"goods": goods(places=places)})
    answer = await ask("{ places { ... on Market { items { price } shops { items { price } } } } }", transport)
    assert answer.data["places"] == [
        {"items": [{"price": "GBP"}], "shops": [{"items": [{"price": "EUR"}]}, {"items": [{"price": "USD"}]}]}
    ]


async def test_objects_between_are_gone_through_entity_or_not() -> None:
    transport = FakeTransport({"goods": goods(shop=shop("a", "EUR", "1", "2"))})
    answer = await ask("{ shop { shelf { items { price parts { price } } } grid { price } } }", transport)
    assert answer.errors == []
    one = {"price": "EUR", "parts": [{"price": "EUR"}]}
    assert answer.data == {
        "shop": {"shelf": {"items": [one, one]}, "grid": [[{"price": "EUR"}] * 2, None, [{"price": "EUR"}]]}
    }


async def test_several_contexts_make_one_group_for_each_pair_of_values() -> None:
    shops = [shop("a", "EUR", "1"), shop("b", "EUR", "1", locale="la"), shop("c", "EUR", "2", locale=None, owner=None)]
    transport = FakeTransport({"goods": goods(shops=shops)})
    answer = await ask("{ shops { items { sold title } } }", transport)
    assert [s["items"][0]["sold"] for s in answer.data["shops"]] == ["Oa/la", "Ob/la", "None/None"]
    (request,) = entity_requests(transport)
    assert request["query"].count("_entities") == 6  # three, each with an alias that says so


async def test_other_subgraphs_are_asked_beside() -> None:
    transport = FakeTransport({"goods": goods(shops=[shop("a", "EUR", "1"), shop("b", "USD", "1")]), "notes": notes()})
    answer = await ask("{ shops { items { note price } } }", transport)
    assert [s["items"][0] for s in answer.data["shops"]] == [
        {"note": "N1", "price": "EUR"},
        {"note": "N1", "price": "USD"},
    ]
    assert len(transport.sent) == 3


async def test_error_of_an_aliased_group_has_the_clients_path() -> None:
    def failing(info: Any, currency: str, *, net: bool = False) -> str:
        if currency == "USD":
            raise ValueError("no dollars")
        return price(info, currency, net=net)

    subgraph = goods(shops=[shop("a", "EUR", "1"), shop("b", "USD", "1")])
    subgraph._entities["Item"]["1"]["price"] = failing
    transport = FakeTransport({"goods": subgraph})
    answer = await ask("{ shops { items { price } } }", transport)
    assert [s["items"][0]["price"] for s in answer.data["shops"]] == ["EUR", None]
    assert [(error["message"], error["path"]) for error in answer.errors] == [
        ("no dollars", ["shops", 1, "items", 0, "price"])
    ]


async def test_very_many_values_go_in_several_requests() -> None:
    count = 2 * MAX_SETS_OF_VALUES + 1
    transport = FakeTransport({"goods": goods(shops=[shop(f"s{n}", f"C{n}", str(n)) for n in range(count)])})
    answer = await ask("{ shops { items { price } } }", transport)
    assert [s["items"][0]["price"] for s in answer.data["shops"]] == [f"C{n}" for n in range(count)]
    assert len(entity_requests(transport)) == 3


@pytest.mark.parametrize("shops", [[], None, [None], [shop("a", "EUR")]])
async def test_nothing_is_asked_for_where_nothing_is(shops: Any) -> None:
    transport = FakeTransport({"goods": goods(shops=shops)})
    answer = await ask("{ shops { items { price } } }", transport)
    assert answer.errors == []
    assert len(transport.sent) == 1


async def test_group_without_entities_is_left_out_of_a_shared_request() -> None:
    transport = FakeTransport({"goods": goods(shop=shop("a", "EUR"), places=[shop("b", "USD", "2")])})
    text = "query($net: Boolean) { shop { items { price(net: $net) } } places { ... on Shop { items { label } } } }"
    answer = await ask(text, transport, variables={"net": True})
    assert answer.errors == []
    assert answer.data == {"shop": {"items": []}, "places": [{"items": [{"label": "in lb"}]}]}
    (request,) = entity_requests(transport)
    assert "$net" not in request["query"]
