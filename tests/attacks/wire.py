"""Attacks of subgraphs on the wire: section 3 of the issue."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.attacks.attack import Attack, AttackSucceeded
from tests.attacks.hostile import HostileSubgraph, answer_bytes, number_in, sending
from tests.attacks.world import World

CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def _query(enemy: HostileSubgraph) -> str:
    return f"query ($n: Int) {{ box{enemy.name}(n: $n) {{ n }} }}"


def _box(enemy: HostileSubgraph, body: bytes) -> bytes:
    return json.dumps({"data": {f"box{enemy.name}": {"n": number_in(body)}}}).encode()


def _strangers(world: World, enemy: HostileSubgraph, numbers: range) -> int:
    """Ask with a number of each one's own, from eight clients; how many got another's answer."""

    def ask(number: int) -> Any:
        return (world.ask(_query(enemy), variables={"n": number}).get("data") or {}).get(f"box{enemy.name}")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, numbers))
    return sum(box is not None and box["n"] != number for number, box in zip(numbers, answers, strict=True))


def _is_noticed(world: World, enemy: HostileSubgraph) -> bool:
    port = enemy.url.rpartition(":")[2].partition("/")[0]
    events = world.gateway.log()
    return any(each["event"] == "subgraph.unasked_bytes" and each["origin"].endswith(":" + port) for each in events)


def doubled_answers(world: World) -> str:
    """One answer in twenty is written twice, a moment apart.

    Until the first unasked byte meets an idle connection, nothing tells a doubled answer from a fast one. From then on nobody may
    get another's.
    """
    enemy = world.subgraph()

    def behave(subgraph: HostileSubgraph, connection: socket.socket, body: bytes) -> bool:
        connection.sendall(answer_bytes(_box(subgraph, body)))
        if subgraph.requests % 20 == 0:
            time.sleep(0.001)
            connection.sendall(answer_bytes(_box(subgraph, body)))
        return True

    enemy.behaviour = behave
    before, asked = 0, 0
    while not _is_noticed(world, enemy):
        if asked >= 5_000:
            raise AttackSucceeded(f"{before} of {asked} got another client's answer, and nothing was noticed")
        before += _strangers(world, enemy, range(asked, asked + 100))
        asked += 100
    if after := _strangers(world, enemy, range(asked, asked + 200)):
        raise AttackSucceeded(f"{after} of 200 got another client's answer after it was noticed")
    return f"noticed within {asked}, of which {before} got another's; 0 of 200 after it"


def interim_after_the_end(world: World) -> str:
    """A whole answer, an interim one, and the begin of an answer to nobody, in one write."""
    enemy = world.subgraph()

    def behave(subgraph: HostileSubgraph, connection: socket.socket, body: bytes) -> bool:
        answer = answer_bytes(_box(subgraph, body))
        connection.sendall(answer + b"HTTP/1.1 100 Continue\r\n\r\n" + answer[:-5])
        return True

    enemy.behaviour = behave
    if strangers := _strangers(world, enemy, range(100)):
        raise AttackSucceeded(f"{strangers} of 100 got another client's answer")
    return "100 of 100 got their own answer"


def early_answer(world: World) -> str:
    """An answer before the request was sent: the next request must not follow on that connection."""
    enemy = world.subgraph()
    enemy.is_early = True
    answer = answer_bytes(json.dumps({"data": {f"box{enemy.name}": {"n": 1}}}).encode())

    def behave(subgraph: HostileSubgraph, connection: socket.socket, _body: bytes) -> bool:
        connection.sendall(answer)
        subgraph.released.wait(30)
        return False

    enemy.behaviour = behave
    query = f"query ($t: String) {{ box{enemy.name}(text: $t) {{ n }} }}"
    world.ask(query, variables={"t": "x" * 900_000})
    world.ask(query, variables={"t": "next"})
    enemy.released.set()
    if enemy.connections < 2:
        raise AttackSucceeded("the next request follows the rest of the first")
    return "a new connection"


def no_answers(world: World) -> str:
    """What is no HTTP, or too much of it; each must be an error of its own with a reason."""
    ok = b"HTTP/1.1 200 OK\r\n"
    messages = []
    for name, behaviour in {
        "a header of 3 MB": sending(ok + b"X: " + b"x" * 3_000_000 + b"\r\n\r\n"),
        "200,000 headers": sending(ok + b"a:b\r\n" * 200_000 + b"\r\n"),
        "trailers of 3 MB": sending(CHUNKED + b"0\r\n" + b"X: yyyy\r\n" * 300_000 + b"\r\n"),
        "100 for ever": sending(*[b"HTTP/1.1 100 C\r\n\r\n"] * 20_000),
        "101": sending(b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        "status 099": sending(b"HTTP/1.1 099 X\r\nContent-Length: 2\r\n\r\n{}"),
        "no HTTP": sending(b"SSH-2.0-OpenSSH\r\n\r\n"),
        "two lengths": sending(ok + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        "gzip, chunked": sending(ok + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        "chunk size -2": sending(CHUNKED + b"-2\r\n{}\r\n"),
    }.items():
        enemy = world.subgraph()
        enemy.behaviour = behaviour
        answer = world.ask(_query(enemy), variables={"n": 1})
        if not answer.get("errors") or answer["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR":
            raise AttackSucceeded(f"{name}: {json.dumps(answer)[:80]}")
        messages.append(answer["errors"][0]["extensions"]["code"])
    return ", ".join(dict.fromkeys(messages))


def _answered(world: World, body: bytes) -> dict[str, Any]:
    """What a client gets when a hostile subgraph answers these bytes, in which NN is its name."""
    enemy = world.subgraph()
    enemy.behaviour = sending(answer_bytes(body.replace(b"NN", enemy.name.encode())))
    return world.ask(f"{{ box{enemy.name} {{ n any near {{ n }} }} }}")


def _code(answer: dict[str, Any]) -> str:
    code = str(answer["errors"][0]["extensions"]["code"]) if answer.get("errors") else "no error"
    if code in ("INTERNAL_SERVER_ERROR", "no error"):
        raise AttackSucceeded(code)
    return code


def endless_path(world: World) -> str:
    """An error whose path has 300,000 numbers."""
    path = b'["boxNN",' + b",".join([b"0"] * 300_000) + b"]"
    return _code(_answered(world, b'{"data":null,"errors":[{"message":"m","path":' + path + b"}]}"))


def many_errors(world: World) -> str:
    """A hundred thousand errors."""
    errors = b",".join([b'{"message":"m","path":["boxNN"]}'] * 100_000)
    return _code(_answered(world, b'{"data":null,"errors":[' + errors + b"]}"))


def small_values(world: World) -> str:
    """Seven megabytes of empty objects."""
    return _code(_answered(world, b'{"data":{"boxNN":{"n":1,"any":1,"near":[' + b"{}," * 2_300_000 + b"{}]}}}"))


def nesting(world: World) -> str:
    """Two million lists in each other."""
    return _code(_answered(world, b'{"data":{"boxNN":' + b"[" * 2_000_000 + b"]" * 2_000_000 + b"}}"))


def large_number(world: World) -> str:
    """A number that no decimal holds."""
    return _code(_answered(world, b'{"data":{"boxNN":{"n":1e999999999,"any":1e9999999999999999999,"near":null}}}'))


def missing_field(world: World) -> str:
    """A root field that was asked for and does not come."""
    return _code(_answered(world, b'{"data":{}}'))


def gigabyte(world: World) -> str:
    """A body without end."""
    enemy = world.subgraph()

    def behave(subgraph: HostileSubgraph, connection: socket.socket, _body: bytes) -> bool:
        connection.sendall(CHUNKED)
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        while not subgraph.released.is_set():
            connection.sendall(piece)
        return False

    enemy.behaviour = behave
    return _code(world.ask(_query(enemy), variables={"n": 1}))


def late_time_out(world: World) -> str:
    """A 408 with close on a kept connection, as a proxy sends it when a request meets the end of its patience."""
    enemy = world.subgraph()

    def behave(subgraph: HostileSubgraph, connection: socket.socket, body: bytes) -> bool:
        if subgraph.requests == 2:
            connection.sendall(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            return False
        connection.sendall(answer_bytes(_box(subgraph, body)))
        return True

    enemy.behaviour = behave
    for number in (1, 2):
        answer = world.ask(_query(enemy), variables={"n": number})
        if answer != {"data": {f"box{enemy.name}": {"n": number}}}:
            raise AttackSucceeded(f"request {number}: {json.dumps(answer)[:80]}")
    return "asked again"


def _subscribed(world: World, enemy: HostileSubgraph) -> socket.socket:
    return world.subscribe(f"subscription {{ ticks{enemy.name} }}")


def comments_without_end(world: World) -> str:
    """Three streams of nothing but comments, as fast as they are read."""
    enemy = world.subgraph()
    is_flooding = threading.Event()

    def behave(subgraph: HostileSubgraph, connection: socket.socket, _body: bytes) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        comments = b":\n" * 32_768
        while not subgraph.released.is_set():
            connection.sendall(comments)
            is_flooding.set()
        return False

    enemy.behaviour = behave
    streams = [_subscribed(world, enemy) for _ in range(3)]
    try:
        if not is_flooding.wait(60):
            raise AttackSucceeded("no stream began")
        slowest = 0.0
        for _ in range(50):
            began = time.monotonic()
            world.ask("{ me { name } }")
            slowest = max(slowest, time.monotonic() - began)
    finally:
        enemy.released.set()
        for stream in streams:
            stream.close()
    return f"others wait {slowest * 1000:.0f} ms at most"


def endless_event(world: World) -> str:
    """A stream whose one event does not end."""
    enemy = world.subgraph()

    def behave(subgraph: HostileSubgraph, connection: socket.socket, _body: bytes) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        lines = b"data: x\n" * 8192
        while not subgraph.released.is_set():
            connection.sendall(lines)
        return False

    enemy.behaviour = behave
    received = b""
    with _subscribed(world, enemy) as stream:
        while b"errors" not in received and (piece := stream.recv(65536)):
            received += piece
    enemy.released.set()
    if b"SUBGRAPH_" not in received:
        raise AttackSucceeded("it does not end")
    return "SUBGRAPH_MALFORMED_RESPONSE" if b"MALFORMED" in received else "SUBGRAPH_RESPONSE_TOO_LARGE"


def websockets_only(world: World) -> str:
    """Subscriptions of subgraphs that speak graphql-transport-ws alone, each in its own words; the client must read why."""
    answers = (
        b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n",
        b'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 34\r\n\r\nCan "Upgrade" only to "WebSocket".',
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
    )
    for answer in answers:
        enemy = world.subgraph()
        enemy.behaviour = sending(answer)
        received = b""
        with _subscribed(world, enemy) as stream:
            while b"event: complete" not in received and (piece := stream.recv(65536)):
                received += piece
        if b"graphql-transport-ws" not in received or b"server-sent events" not in received:
            raise AttackSucceeded(f"{answer[9:12].decode()}: the client reads {received[-150:]!r}")
    return "an error that names what is spoken"


def refused_subscription(world: World) -> str:
    """A subscription that is refused in JSON without a length."""
    enemy = world.subgraph()
    enemy.behaviour = sending(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b'{"errors":[{"message":"not now"}]}'
    )
    received = b""
    with _subscribed(world, enemy) as stream:
        while b"event: complete" not in received and (piece := stream.recv(65536)):
            received += piece
    if b"SUBGRAPH_STREAM_LOST" in received:
        raise AttackSucceeded("its reason is lost")
    return "the subgraph's refusal"


def doubled_mutations(world: World) -> str:
    """Connections that close as a mutation arrives; it must be sent once."""
    enemy = world.subgraph()
    seen: list[int] = []

    def behave(_subgraph: HostileSubgraph, connection: socket.socket, body: bytes) -> bool:
        number = number_in(body)
        seen.append(number)
        if number % 2:
            return False
        connection.sendall(answer_bytes(json.dumps({"data": {f"put{enemy.name}": number}}).encode()))
        return True

    enemy.behaviour = behave
    for number in range(40):
        world.ask(f"mutation ($n: Int) {{ put{enemy.name}(n: $n) }}", variables={"n": number})
    if len(seen) != len(set(seen)):
        raise AttackSucceeded(f"{len(seen) - len(set(seen))} were sent twice")
    return "each sent once"


ATTACKS = (
    Attack("1.12", "subgraphs with WebSockets alone", websockets_only),
    Attack("3", "connections that close under mutations", doubled_mutations),
    Attack("3.1", "answers that are written twice", doubled_answers),
    Attack("3.2", "an interim answer after the final one", interim_after_the_end),
    Attack("3.3", "an error with a path of 300,000 numbers", endless_path),
    Attack("3.3", "100,000 errors", many_errors),
    Attack("3.4", "three streams of comments", comments_without_end, max_cpu_ms=6_000),
    Attack("3.4", "an event without end", endless_event),
    Attack("3.5", "an answer before the request was sent", early_answer),
    Attack("3.7", "7 MB of empty objects", small_values),
    Attack("3.7", "two million lists in each other", nesting),
    Attack("3.7", "a body without end", gigabyte),
    Attack("3.8", "numbers without bound", large_number),
    Attack("3.8", "ten answers that are none", no_answers),
    Attack("3.9", "a root field that does not come", missing_field),
    Attack("3.9", "408 with close on a kept connection", late_time_out),
    Attack("3.9", "a subscription refused in JSON", refused_subscription),
)
