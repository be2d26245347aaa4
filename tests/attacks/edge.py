"""Attacks of clients on the edge: section 1 of the issue."""

import json
import time

from tests.attacks.attack import Attack, AttackSucceeded
from tests.attacks.hostile import hanging, replying, sending
from tests.attacks.world import World

HEAD = b"POST /graphql HTTP/1.1\r\nContent-Type: application/json\r\n"
QUERY = b'{"query":"{ me { name } }"}'


def _post(*lines: bytes, body: bytes = QUERY) -> bytes:
    return HEAD + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def _length(body: bytes) -> bytes:
    return b"Content-Length: %d" % len(body)


def _status(answer: bytes) -> int:
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0


def _must_have(answer: bytes, *statuses: int) -> str:
    status = _status(answer)
    if status not in statuses:
        raise AttackSucceeded(f"status {status or 'missing'} instead of {statuses[0]}")
    return str(status)


def many_introspections(world: World) -> str:
    """Fifty aliased introspections with everything below each."""
    inner = "types { name fields { name args { name type { name } } type { name ofType { name ofType { name } } } } }"
    answer = world.ask("{ " + " ".join(f"a{n}: __schema {{ {inner} {inner} }}" for n in range(50)) + " }")
    return str(answer["errors"][0]["extensions"]["code"]) if "errors" in answer else "answered"


def two_authorizations(world: World) -> str:
    """A forged identity before one that is verified."""
    token = b"Authorization: Bearer " + world.issuer.token("ann").encode()
    raw = _post(b"Host: a", b"Authorization: Bearer forged", token, _length(QUERY))
    return _must_have(world.exchange(raw), 400)


def repeated_headers(world: World) -> str:
    """Each header that has one value, twice."""
    for line in (b"Content-Type: application/json", b"traceparent: 00-a", b"Host: b", _length(QUERY)):
        _must_have(world.exchange(_post(b"Host: a", line, line, _length(QUERY))), 400)
    return "400"


def upgrade(world: World) -> str:
    """A POST that offers another protocol."""
    raw = _post(
        b"Host: a", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMA", _length(QUERY)
    )
    answer = world.exchange(raw)
    if b'{"data":{"me":{"name":"ann"}}}' not in answer:
        raise AttackSucceeded(f"its body is lost: {answer[:60]!r}")
    return "answered"


def long_head(world: World) -> str:
    """Headers of 100 kB."""
    lines = [b"X-%d: " % number + b"x" * 1000 for number in range(100)]
    return _must_have(world.exchange(_post(b"Host: a", *lines, _length(QUERY))), 431)


def many_headers(world: World) -> str:
    """Ten thousand short headers."""
    return _must_have(world.exchange(_post(b"Host: a", *[b"a:b"] * 10_000, _length(QUERY))), 431, 400)


def long_body(world: World) -> str:
    """A body of 30 MB, whose refusal must be readable."""
    body = b'{"query":"' + b"x" * 30_000_000 + b'"}'
    return _must_have(world.exchange(_post(b"Host: a", _length(body), body=body)), 413)


def no_host(world: World) -> str:
    """No Host."""
    return _must_have(world.exchange(_post(_length(QUERY))), 400)


def smuggled_request(world: World) -> str:
    """A length and chunks at once, with a second request inside."""
    inside = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
    raw = _post(b"Host: a", b"Content-Length: 4", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + inside)
    return _must_have(world.exchange(raw), 400)


def gzip_coding(world: World) -> str:
    """A transfer coding that nobody here reads."""
    raw = _post(b"Host: a", b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n")
    return _must_have(world.exchange(raw), 501, 400)


def slow_clients(world: World) -> str:
    """Three hundred clients that begin a request and do not go on."""
    connections = [world.send(HEAD) for _ in range(300)]
    try:
        answer = world.ask("{ me { name } }")
    finally:
        for connection in connections:
            connection.close()
    if "errors" in answer:
        raise AttackSucceeded("others are not served")
    return "others are served"


def stack_trace(world: World) -> str:
    """A subgraph's error with its inside."""
    enemy = world.subgraph()
    error = {"message": "db: password=hunter2", "extensions": {"stacktrace": ["at /srv/app.py:5"], "code": "OOPS"}}
    enemy.behaviour = replying({"data": None, "errors": [error]})
    answer = json.dumps(world.ask(f"{{ box{enemy.name} {{ n }} }}"))
    if "hunter2" in answer or "stacktrace" in answer:
        raise AttackSucceeded("the client reads the subgraph's inside")
    return "masked"


def data_with_a_failure(world: World) -> str:
    """Data that comes with a status that is no success, or as a page."""
    enemy = world.subgraph()
    name = f"box{enemy.name}"
    body = json.dumps({"data": {name: {"n": 1}}}).encode()
    for status, kind in (("302 Found", "application/json"), ("503 Away", "application/json"), ("200 OK", "text/html")):
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        enemy.behaviour = sending(head + body)
        if "errors" not in world.ask(f"{{ {name} {{ n }} }}"):
            raise AttackSucceeded(f"{status} as {kind} is taken for an answer")
    return "errors"


def failures_with_large_variables(world: World) -> str:
    """Sixty requests with 0.9 MB of variables each to a subgraph that is away."""
    enemy = world.subgraph()
    enemy.close()
    for _ in range(60):
        answer = world.ask(
            f"query ($t: String) {{ box{enemy.name}(text: $t) {{ n }} }}", variables={"t": "x" * 900_000}
        )
        if "errors" not in answer:
            raise AttackSucceeded("no error for a subgraph that is away")
    return "errors"


def leaving_clients(world: World) -> str:
    """Two hundred clients that ask what takes long, and close the connection at once."""
    enemy = world.subgraph()
    enemy.behaviour = hanging
    query = json.dumps(
        {"query": f"query ($n: Int) {{ box{enemy.name}(n: $n) {{ n }} }}", "variables": {"n": 1}}
    ).encode()
    connections = [
        world.send(_post(b"Host: a", b"Content-Length: %d" % (len(query) + 3), body=query[:-3] + b"%04d}}" % number))
        for number in range(1000, 1200)
    ]
    deadline = time.monotonic() + 60
    while not enemy.requests and time.monotonic() < deadline:
        time.sleep(0.01)
    for connection in connections:
        connection.close()
    asked = time.monotonic()
    while enemy.busy and time.monotonic() < asked + 60:
        time.sleep(0.01)
    if enemy.busy:
        raise AttackSucceeded("they are served to the end")
    return f"given up, {enemy.requests} of 200 were sent"


ATTACKS = (
    Attack("1.1", "fifty introspections in one query", many_introspections),
    Attack("1.2", "a forged Authorization before a good one", two_authorizations),
    Attack("1.2", "headers of one value, twice", repeated_headers),
    Attack("1.5", "a subgraph's error with a stack trace", stack_trace),
    Attack("1.6", "POST with Upgrade: h2c", upgrade),
    Attack("1.9", "a head of 100 kB", long_head),
    Attack("1.9", "10,000 headers", many_headers),
    Attack("1.9", "a body of 30 MB", long_body),
    Attack("1.9", "no Host", no_host),
    Attack("1.9", "a request smuggled in another", smuggled_request),
    Attack("1.9", "TE: gzip, chunked", gzip_coding),
    Attack("1.10", "300 clients that never finish a request", slow_clients),
    Attack("1.13", "data with a status of failure", data_with_a_failure),
    Attack("1.14", "failed requests with large variables", failures_with_large_variables, max_mib=60),
    Attack("3.6", "200 clients that leave", leaving_clients),
)
