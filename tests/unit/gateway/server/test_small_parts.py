"""The edge's small parts: addresses, override labels, header lines, the request log."""

import asyncio
import io
import json

import pytest

from gateway.execution.request import NO_HEADERS
from gateway.operation.access import ANONYMOUS, Caller
from gateway.server.active_labels import OverrideLabels
from gateway.server.client_address import client_address
from gateway.server.forwarding import Propagation, anonymous_id, service_token_mint, trace_lines
from gateway.server.request_log import RequestLog
from gateway.settings import HeaderSettings, ServerSettings, Settings
from tests.support.identity import SERVICE_KEYS, service_tokens

PEER = ("10.0.0.1", 5000)
EVENT = {"operation.kind": "query", "operation.name": "A", "code": None, "ms": 1.25, "fetches": 2, "errors": 0}


@pytest.mark.parametrize(
    ("forwarded", "trusted", "address"),
    [
        (b"", 0, "10.0.0.1"),
        (b"6.6.6.6", 0, "10.0.0.1"),
        (b"6.6.6.6, 1.2.3.4", 1, "1.2.3.4"),
        (b"6.6.6.6, 1.2.3.4, 10.0.0.9", 2, "1.2.3.4"),
        (b"1.2.3.4", 2, "1.2.3.4"),
        (b"", 2, "10.0.0.1"),
    ],
)
def test_only_our_own_proxies_are_believed(forwarded: bytes, trusted: int, address: str) -> None:
    assert client_address(PEER, forwarded, trusted) == address


def test_a_percentage_is_active_for_about_so_many_requests() -> None:
    labels = OverrideLabels({"percent(20)", "percent(100)", "percent(0)", "new-home", "old"}, {"new-home", "unknown"})
    decided = [labels.decide() for _ in range(2000)]
    assert all({"new-home", "percent(100)"} <= found for found in decided)
    assert not any({"old", "unknown", "percent(0)"} & found for found in decided)
    assert 300 < sum("percent(20)" in found for found in decided) < 500


def test_fewer_percent_are_among_more_percent() -> None:
    labels = OverrideLabels({"percent(20)", "percent(50)"}, ())
    for _ in range(500):
        found = labels.decide()
        assert "percent(20)" not in found or "percent(50)" in found


def test_nothing_goes_on_unless_it_is_listed() -> None:
    headers = [(b"x-a", b"1"), (b"authorization", b"Bearer t"), (b"x-b", b"2"), (b"x-a", b"3")]
    assert Propagation(Settings(), None).identity_lines(ANONYMOUS, headers, PEER) == NO_HEADERS
    listed = Settings(headers=HeaderSettings(forward=("X-A", "authorization")))
    lines = Propagation(listed, None).identity_lines(ANONYMOUS, headers, PEER)
    assert lines == b"x-a: 1\r\nauthorization: Bearer t\r\nx-a: 3\r\n"


def test_the_clients_address_goes_on_beside_the_identity_under_the_name_that_is_configured() -> None:
    named = Settings(headers=HeaderSettings(client_address="x-client-address"))
    claimed = [(b"x-client-address", b"6.6.6.6"), (b"x-forwarded-for", b"6.6.6.6")]
    propagation = Propagation(named, None)
    assert propagation.identity_lines(ANONYMOUS, claimed, PEER) == NO_HEADERS
    assert propagation.hop_lines(claimed, PEER) == b"x-client-address: 10.0.0.1\r\n"
    assert Propagation(Settings(), None).hop_lines(claimed, PEER) == NO_HEADERS


def test_what_is_no_address_does_not_go_on_as_one() -> None:
    behind_a_proxy = Settings(
        headers=HeaderSettings(client_address="x-client-address"), server=ServerSettings(trusted_proxies=1)
    )
    for claimed in (b"unknown", b"1.2.3.4\r\nx-evil: 1", b""):
        lines = Propagation(behind_a_proxy, None).hop_lines([(b"x-forwarded-for", claimed)], PEER)
        assert bytes(lines) in (b"", b"x-client-address: 10.0.0.1\r\n")


def test_a_minted_token_takes_the_place_of_the_clients_and_is_minted_once() -> None:
    minted: list[Caller] = []

    def mint(caller: Caller) -> str:
        minted.append(caller)
        return f"ours-{len(minted)}"

    propagation = Propagation(Settings(headers=HeaderSettings(forward=("authorization",))), mint)
    headers = [(b"authorization", b"Bearer theirs")]
    ann, bob = Caller(subject="ann"), Caller(subject="bob")
    lines = [propagation.identity_lines(caller, headers, PEER) for caller in (ann, Caller(subject="ann"), bob)]
    assert lines == [b"authorization: Bearer ours-1\r\n"] * 2 + [b"authorization: Bearer ours-2\r\n"]


def test_a_minted_token_names_the_session_of_the_clients_token() -> None:
    token = service_token_mint(SERVICE_KEYS)(Caller(subject="ann", session_id="session-1"))
    assert service_tokens().verify(token).session_id == "session-1"


@pytest.mark.parametrize(
    "name", ["connection", "Host", "content-length", "transfer-encoding", "x-real-ip", "forwarded", "bad name", ""]
)
def test_headers_of_the_connection_cannot_be_listed(name: str) -> None:
    with pytest.raises(ValueError, match="header"):
        HeaderSettings(forward=(name,))


def test_a_trace_goes_on_as_it_came_if_it_is_one() -> None:
    trace = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert trace_lines(trace, b"a=1") == b"traceparent: " + trace + b"\r\ntracestate: a=1\r\n"
    for wrong in (b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01", b"x\r\nevil: 1", trace + b"\n", None):
        made = bytes(trace_lines(wrong, b"a=1"))
        assert made.count(b"\r\n") == 1
        assert b"evil" not in made
        assert len(made) == len(b"traceparent: " + trace + b"\r\n")


@pytest.mark.parametrize(("value", "expected"), [(b"a-B_9", "a-B_9"), (b"", None), (b"a b", None), (b"x" * 65, None)])
def test_an_anonymous_id_looks_like_one(value: bytes, expected: str | None) -> None:
    assert anonymous_id(value) == expected


async def test_events_are_lines_of_json_in_their_order() -> None:
    output = io.BytesIO()
    log = RequestLog("all", output=output)
    log.write("ok", EVENT)
    log.write("failed", {**EVENT, "code": "INTERNAL_SERVER_ERROR"})
    assert output.getvalue() == b""
    log.flush()
    first, second = (json.loads(line) for line in output.getvalue().splitlines())
    assert (first["outcome"], first["level"], first["operation.name"], first["ms"]) == ("ok", "info", "A", 1.25)
    assert (second["outcome"], second["level"]) == ("failed", "error")


async def test_waiting_events_are_written_soon() -> None:
    written = asyncio.Event()

    class Output(io.BytesIO):
        def flush(self) -> None:
            written.set()

    output = Output()
    RequestLog("all", output=output).write("ok", EVENT)
    async with asyncio.timeout(5):
        await written.wait()
    assert output.getvalue()


async def test_only_what_failed_is_logged_where_that_is_asked_for() -> None:
    output = io.BytesIO()
    log = RequestLog("failed", log_format="console", output=output)
    log.write("ok", EVENT)
    log.write("partial", {**EVENT, "errors": 1})
    log.flush()
    (line,) = output.getvalue().decode().splitlines()
    assert line.endswith("query A partial 1.2 ms, 2 fetches, 1 errors")
