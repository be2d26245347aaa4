"""The config subgraph, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from subgraphs.config.app import create_config_app
from subgraphs.config.resources import ConfigResources
from subgraphs.config.seed import FLAGS, seed
from subgraphs.config.settings import MIGRATIONS, ConfigSettings
from subgraphs.config.tables import Base, FlagChangeRow, FlagRow, RevisionRow
from subgraphs.kit.storage.migrate import downgrade, schema_differences, upgrade
from tests.support.identity import ANONYMOUS, CURSOR_KEYS, SERVICE_KEYS, account, service
from tests.support.statements import counted_statements
from tests.support.subgraphs import SubgraphUnderTest, running_subgraph

ADMIN = account("admin", "ADMIN")
BUYER = account("buyer", "BUYER")

CONFIG = """query ($context: ClientContextInput!, $keys: [String!], $rev: String) {
  clientConfig(context: $context, keys: $keys, ifNotRevision: $rev) { revision pollAfterMs flags { key value variant reason } } }"""
SAVE = """mutation ($input: FlagInput!) { saveFlag(input: $input) { __typename
  ... on FlagSuccess { revision flag { key state version rules { seed conditionJson } variants { key value weight } } }
  ... on VersionConflictError { currentVersion } ... on UserError { code path } } }"""
KILL = """mutation ($key: String!) { killFlag(key: $key, reason: "it burns") { __typename
  ... on FlagSuccess { revision flag { state version } } ... on UserError { code } } }"""
REVIVE = """mutation ($key: String!) { reviveFlag(key: $key, reason: "it does not") {
  ... on FlagSuccess { flag { state version } } } }"""
WEB = {"platform": "web", "appVersion": "1.0.0"}


@pytest.fixture
async def resources(database_url: str, tmp_path: Path) -> ConfigResources:
    settings = ConfigSettings(
        database_url=database_url, data_dir=tmp_path, service_keys=SERVICE_KEYS, cursor_keys=CURSOR_KEYS
    )
    await upgrade(database_url, MIGRATIONS)
    await seed(settings, tmp_path)
    return ConfigResources.open(settings)


@pytest.fixture
async def config(resources: ConfigResources) -> AsyncIterator[SubgraphUnderTest]:
    async with running_subgraph(create_config_app(resources.settings, resources)) as subgraph:
        yield subgraph


def a_flag(**more: Any) -> dict[str, Any]:
    return {
        "key": "app.new_thing",
        "description": "A thing",
        "owner": "web",
        "variants": [{"key": "a", "value": {"size": 1}, "weight": 1}, {"key": "b", "value": {"size": 2}, "weight": 1}],
        "defaultVariant": "a",
        "offVariant": "a",
        "rules": [],
        **more,
    }


def _rule(attribute: str, op: str, value: str) -> dict[str, Any]:
    condition = orjson.dumps({"attribute": attribute, "op": op, "value": value}).decode()
    return {"variants": [{"key": "a", "value": 1, "weight": 1}], "conditionJson": condition}


async def flags(config: SubgraphUnderTest, by: Any = ANONYMOUS, **variables: Any) -> dict[str, Any]:
    data = await config.data(CONFIG, {"context": WEB, **variables}, by=by)
    return {each["key"]: each for each in data["clientConfig"]["flags"]}


async def test_migrations_make_the_tables_of_the_code_and_take_them_away(database_url: str) -> None:
    await upgrade(database_url, MIGRATIONS)
    assert await schema_differences(database_url, Base.metadata) == []
    await downgrade(database_url, MIGRATIONS)
    missing = await schema_differences(database_url, Base.metadata)
    assert {each[1].name for each in missing if each[0] == "add_table"} == set(Base.metadata.tables)


async def test_seeding_again_changes_nothing(config: SubgraphUnderTest, resources: ConfigResources) -> None:
    assert await seed(resources.settings, Path()) == 0
    found = await config.data("{ flags { key version } }", by=ADMIN)
    assert found["flags"] == [{"key": key, "version": 1} for key in sorted(flag["key"] for flag in FLAGS)]


async def test_clients_get_the_flags_of_apps_and_services_get_their_own(config: SubgraphUnderTest) -> None:
    assert all(key.startswith("app.") for key in await flags(config))
    posing = await flags(config, context={"platform": "service:user", "appVersion": "1"})
    assert all(key.startswith("app.") for key in posing)
    own = await flags(
        config,
        by=service("user"),
        context={"platform": "service:user", "appVersion": "1"},
        keys=["user.sign_up_open"],
    )
    assert own == {
        "user.sign_up_open": {"key": "user.sign_up_open", "value": True, "variant": "on", "reason": "DEFAULT"}
    }


async def test_the_revision_is_an_etag_of_what_the_caller_sees(config: SubgraphUnderTest) -> None:
    first = (await config.data(CONFIG, {"context": WEB}, by=BUYER))["clientConfig"]
    unchanged = await config.data(CONFIG, {"context": WEB, "rev": first["revision"]}, by=BUYER)
    assert unchanged["clientConfig"] is None
    await config.data(KILL, {"key": "app.favourites"}, by=ADMIN)
    changed = (await config.data(CONFIG, {"context": WEB, "rev": first["revision"]}, by=BUYER))["clientConfig"]
    assert changed["revision"] != first["revision"]
    assert {each["key"]: each["reason"] for each in changed["flags"]}["app.favourites"] == "DISABLED"


async def test_a_killed_flag_says_its_off_variant_at_once_and_its_history_says_who_and_why(
    config: SubgraphUnderTest,
) -> None:
    assert (await flags(config))["app.favourites"]["value"] is True
    killed = (await config.data(KILL, {"key": "app.favourites"}, by=ADMIN))["killFlag"]
    assert killed["flag"] == {"state": "KILLED", "version": 2}
    assert (await flags(config))["app.favourites"]["value"] is False
    revived = (await config.data(REVIVE, {"key": "app.favourites"}, by=ADMIN))["reviveFlag"]
    assert revived["flag"] == {"state": "ON", "version": 3}
    data = await config.data(
        '{ flag(key: "app.favourites") { history(last: 2) { version actor comment diffJson } } }', by=ADMIN
    )
    newest, killing = data["flag"]["history"]
    assert (newest["version"], killing["version"]) == (3, 2)
    assert (killing["actor"], killing["comment"]) == ("admin", "it burns")
    assert orjson.loads(killing["diffJson"]) == {"state": {"before": "ON", "after": "KILLED"}}


async def test_a_flag_is_saved_changed_and_rolled_back(config: SubgraphUnderTest) -> None:
    made = (await config.data(SAVE, {"input": a_flag()}, by=ADMIN))["saveFlag"]
    assert made["flag"]["version"] == 1
    again = (await config.data(SAVE, {"input": a_flag()}, by=ADMIN))["saveFlag"]
    assert (again["__typename"], again["currentVersion"]) == ("VersionConflictError", 1)
    other = a_flag(defaultVariant="b", expectedVersion=1)
    assert (await config.data(SAVE, {"input": other}, by=ADMIN))["saveFlag"]["flag"]["version"] == 2
    assert (await flags(config))["app.new_thing"]["value"] == {"size": 2}
    rolled = await config.data(
        'mutation { rollbackFlag(key: "app.new_thing", toVersion: 1) { ... on FlagSuccess { flag { version } } } }',
        by=ADMIN,
    )
    assert rolled["rollbackFlag"]["flag"]["version"] == 3
    assert (await flags(config))["app.new_thing"]["value"] == {"size": 1}


@pytest.mark.parametrize(
    ("wrong", "answer"),
    [
        ({"key": "NoDots"}, "VALIDATION_FAILED"),
        ({"defaultVariant": "c"}, "VALIDATION_FAILED"),
        ({"variants": []}, "VALIDATION_FAILED"),
        ({"rules": [{"variants": [{"key": "z", "value": 1, "weight": 1}]}]}, "VALIDATION_FAILED"),
        ({"rules": [{"variants": [{"key": "a", "value": 1, "weight": 0}]}]}, "VALIDATION_FAILED"),
        (
            {"rules": [{"variants": [{"key": "a", "value": 1, "weight": 1}], "conditionJson": "{"}]},
            "VALIDATION_FAILED",
        ),
        (
            {"rules": [{"variants": [{"key": "a", "value": 1, "weight": 1}], "rolloutPermille": 1001}]},
            "VALIDATION_FAILED",
        ),
        ({"schemaJson": '{"type": "nonsense"}'}, "SCHEMA_VIOLATION"),
        ({"schemaJson": '{"type": "boolean"}'}, "SCHEMA_VIOLATION"),
        ({"schemaJson": '{"$ref": "http://127.0.0.1:9/x"}'}, "SCHEMA_VIOLATION"),
        ({"schemaJson": '{"$ref": "#"}'}, "SCHEMA_VIOLATION"),
        ({"rules": [_rule("appVersion", "gte", "9" * 5_000)]}, "VALIDATION_FAILED"),
        ({"rules": [_rule("platform", "matches", "^(a+)+$")]}, "VALIDATION_FAILED"),
        ({"variants": [{"key": "a", "value": "\0", "weight": 1}]}, "VALIDATION_FAILED"),
        ({"owner": "o" * 61}, "VALIDATION_FAILED"),
        ({"key": "app." + "k" * 100}, "VALIDATION_FAILED"),
        ({"description": "a\u202eb"}, "VALIDATION_FAILED"),
    ],
)
async def test_a_wrong_flag_is_refused_and_nothing_moves(
    config: SubgraphUnderTest, wrong: dict[str, Any], answer: str
) -> None:
    before = (await config.data(CONFIG, {"context": WEB}))["clientConfig"]["revision"]
    result = (await config.data(SAVE, {"input": a_flag(**wrong)}, by=ADMIN))["saveFlag"]
    assert result["code"] == answer
    assert (await config.data(CONFIG, {"context": WEB}))["clientConfig"]["revision"] == before


@pytest.mark.parametrize(
    "rules",
    [
        [{"id": "r", "condition": {"attribute": "nothing", "op": "eq", "value": ""}}],
        "no rules",
        [{"id": "r", "segment": None, "condition": None, "rollout_permille": None, "variants": [], "bucket_by": "accountId", "seed": "s"}],
    ],
    ids=["a part is missing", "another type", "cannot be evaluated"],
)  # fmt: skip
async def test_one_flag_that_cannot_be_served_is_left_out_and_shown_to_administrators(
    config: SubgraphUnderTest, resources: ConfigResources, rules: Any
) -> None:
    """Rows from before definitions were evaluated at save are like this."""
    before = await flags(config)
    async with resources.database.transaction() as session:
        await session.execute(update(FlagRow).where(FlagRow.key == "app.favourites").values(rules=rules))
        await session.execute(update(RevisionRow).values(number=RevisionRow.number + 1))
    after = await flags(config, by=BUYER)
    assert set(before) - set(after) == {"app.favourites"}
    shown = await config.data("{ flags { key problem } }", by=ADMIN)
    assert [each["key"] for each in shown["flags"] if each["problem"]] == ["app.favourites"]


@pytest.mark.parametrize(
    "context",
    [{"appVersion": "9" * 5_000}, {"platform": "p" * 61}, {"locale": "a\0"}, {"anonymousId": "d" * 65}],
    ids=["version", "platform", "locale", "device"],
)
async def test_what_a_client_says_of_itself_is_bounded(config: SubgraphUnderTest, context: dict[str, str]) -> None:
    assert await config.codes(CONFIG, {"context": {**WEB, **context}}) == ["VALIDATION_FAILED"]


async def test_an_old_version_that_may_not_be_served_today_does_not_come_back(
    config: SubgraphUnderTest, resources: ConfigResources
) -> None:
    await config.data(SAVE, {"input": a_flag()}, by=ADMIN)
    await config.data(SAVE, {"input": a_flag(expectedVersion=1)}, by=ADMIN)
    async with resources.database.transaction() as session:
        old = await session.get_one(FlagChangeRow, ("app.new_thing", 1))
        old.definition = {**old.definition, "schema_json": '{"$ref": "http://127.0.0.1:9/x"}'}
    back = 'mutation { rollbackFlag(key: "app.new_thing", toVersion: 1) { __typename } }'
    assert await config.codes(back, by=ADMIN) == ["SCHEMA_VIOLATION"]
    assert await config.codes('{ flag(key: "app.new_thing") { history(last: -1) { version } } }', by=ADMIN) == [
        "VALIDATION_FAILED"
    ]


async def test_experiments_are_the_accounts_own_and_kept(config: SubgraphUnderTest) -> None:
    query = """query ($r: [_Any!]!) { _entities(representations: $r) {
      ... on Account { id experiments { experiment variant sticky } } } }"""
    wanted = {"r": [{"__typename": "Account", "id": "buyer"}, {"__typename": "Account", "id": "somebody"}]}
    own, others = (await config.data(query, wanted, by=BUYER))["_entities"]
    assert "app.feed_layout" in [each["experiment"] for each in own["experiments"]]
    assert others["experiments"] == []
    assert (await config.data(query, wanted, by=BUYER))["_entities"][0] == own
    assert "UNAUTHENTICATED" in await config.codes(query, wanted)


async def test_only_those_with_the_scope_read_and_change(config: SubgraphUnderTest) -> None:
    assert await config.codes("{ flags { key } }", by=BUYER) == ["FORBIDDEN"]
    assert await config.codes(KILL, {"key": "app.favourites"}, by=BUYER) == ["FORBIDDEN"]
    assert await config.codes(KILL, {"key": "app.favourites"}) == ["UNAUTHENTICATED"]
    missing = (await config.data(KILL, {"key": "app.nothing"}, by=ADMIN))["killFlag"]
    assert missing["__typename"] == "NotFoundError"


async def test_the_number_of_statements_does_not_grow_with_the_flags(
    config: SubgraphUnderTest, resources: ConfigResources
) -> None:
    query = "query ($owner: String) { flags(owner: $owner) { key history { version } } }"
    for owner, count in (("catalog", 1), (None, len(FLAGS))):
        with counted_statements(resources.database) as seen:
            found = await config.data(query, {"owner": owner}, by=ADMIN)
        assert len(found["flags"]) == count
        assert len([each for each in seen if "flag_changes" in each]) == 1


async def test_whoever_subscribes_is_told_of_each_change(config: SubgraphUnderTest) -> None:
    body = {"query": "subscription { configRevisionChanged }"}
    headers = {**config.headers(), "accept": "text/event-stream"}
    told: asyncio.Queue[str] = asyncio.Queue()

    async def listen() -> None:
        app = config.http._transport.app  # type: ignore[attr-defined]
        async with asyncio.timeout(10):
            async for event in events_of(app, body, headers):
                await told.put(event)

    listening = asyncio.create_task(listen())
    try:
        async with asyncio.timeout(10):
            first = await told.get()
            await config.data(KILL, {"key": "app.favourites"}, by=ADMIN)
            second = await told.get()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    assert int(second) == int(first) + 1


async def events_of(app: Any, body: dict[str, Any], headers: dict[str, str]) -> AsyncIterator[str]:
    """The events of a subscription as the application sends them; httpx's in-process transport would wait for their end."""
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": "/graphql",
        "raw_path": b"/graphql", "root_path": "", "scheme": "http", "query_string": b"", "server": ("subgraph", 80),
        "client": ("127.0.0.1", 1), "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    received = [{"type": "http.request", "body": orjson.dumps(body), "more_body": False}]

    async def receive() -> dict[str, Any]:
        if received:
            return received.pop()
        await asyncio.Event().wait()
        raise AssertionError("the client stays")

    answering = asyncio.create_task(app(scope, receive, sent.put))
    try:
        while True:
            message = await sent.get()
            for line in message.get("body", b"").split(b"\n"):
                if line.startswith(b"data: "):
                    yield orjson.loads(line[6:])["data"]["configRevisionChanged"]
    finally:
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
