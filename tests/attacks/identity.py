"""Attacks with tokens: section 1 of the issue."""

import json
import socket
import time
from typing import Final

from tests.attacks.attack import Attack, AttackSucceeded
from tests.attacks.hostile import HostileSubgraph
from tests.attacks.world import World

BEGUN: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
DEADLINE_SECONDS: Final = 60.0
SHORT_SECONDS: Final = 5.0


def bearer(token: str) -> dict[str, str]:
    """The header of a caller with this token."""
    return {"authorization": f"Bearer {token}"}


def unusable_key(world: World) -> str:
    """Keys that nobody can read, beside the one that counts."""
    answer = world.ask("{ secret }", headers=bearer(world.issuer.token("ann")))
    if answer != {"data": {"secret": "s"}}:
        raise AttackSucceeded(f"good tokens are refused: {answer}")
    return "answered"


def empty_subject(world: World) -> str:
    """A token of nobody."""
    answer = world.ask("{ secret }", headers=bearer(world.issuer.token("")))
    if answer.get("data", {"secret": None}) == {"secret": "s"}:
        raise AttackSucceeded("nobody counts as signed in")
    return str(answer["errors"][0]["extensions"]["code"])


def withdrawn_key(world: World) -> str:
    """A token that was verified, after its key was withdrawn. Keys are fetched anew every 10 s at most."""
    stolen = bearer(world.issuer.token("ann", kid="stolen"))
    if world.ask("{ secret }", headers=stolen) != {"data": {"secret": "s"}}:
        raise AttackSucceeded("good tokens are refused")
    world.issuer.withdraw("stolen")
    began = time.monotonic()
    while "data" in (answer := world.ask("{ secret }", headers=stolen)):
        if time.monotonic() > began + DEADLINE_SECONDS:
            raise AttackSucceeded(f"it is believed {DEADLINE_SECONDS:.0f} s after its key was withdrawn")
        time.sleep(0.05)
    return f"{answer['errors'][0]['extensions']['code']} {time.monotonic() - began:.1f} s later"


def outliving_stream(world: World) -> str:
    """A subscription that goes on after its token has expired."""
    enemy = world.subgraph()

    def behave(subgraph: HostileSubgraph, connection: socket.socket, _body: bytes) -> bool:
        connection.sendall(BEGUN)
        event = json.dumps({"data": {f"ticks{subgraph.name}": 1}}).encode()
        while not subgraph.released.wait(0.1):
            connection.sendall(b"event: next\ndata: " + event + b"\n\n")
        return False

    enemy.behaviour = behave
    expires_at = time.time() + SHORT_SECONDS
    token = world.issuer.token("ann", expires_at=expires_at)
    received = b""
    with world.subscribe(f"subscription {{ ticks{enemy.name} }}", headers=bearer(token)) as stream:
        while b"UNAUTHENTICATED" not in received and (piece := stream.recv(65536)):
            received += piece
            if time.time() > expires_at + DEADLINE_SECONDS:
                raise AttackSucceeded("its events go on")
    enemy.released.set()
    if b"UNAUTHENTICATED" not in received:
        raise AttackSucceeded("it ends without a code")
    return f"UNAUTHENTICATED after {received.count(b'event: next') - 1} events"


def names_of_closed_types(world: World) -> str:
    """The type of an object that the caller may not see, asked for in ten ways."""
    ways = (
        "{ mail { ... on Letter { __typename } } }",
        "{ mail { ... on Letter { t: __typename } } }",
        "{ mail { ... on Letter { ... on Post { __typename } } } }",
        "{ mail { ... on Post { ... on Letter { __typename } } } }",
        "{ mail { ... on Letter { __typename id } } }",
        "{ mail { __typename } }",
        "{ mail { t: __typename ... on Card { id } } }",
        "{ mail { ...F } } fragment F on Letter { __typename }",
        "query ($yes: Boolean = true) { mail { ... on Letter @include(if: $yes) { __typename } } }",
        "{ mail { ... on Card { id } ... on Letter @skip(if: false) { __typename } } }",
    )
    signed_in = bearer(world.issuer.token("ann"))
    for query in ways:
        if '"Letter"' not in json.dumps(world.ask(query, headers=signed_in)):
            raise AttackSucceeded(f"who may see it does not: {query}")
        answer = world.ask(query)
        if "Letter" in json.dumps(answer):
            raise AttackSucceeded(f"the type is told by {query}")
        if None not in answer["data"]["mail"]:
            raise AttackSucceeded(f"its objects are there in {query}")
    return "null, in all ten"


ATTACKS = (
    Attack("1.3", "a token whose key was withdrawn", withdrawn_key),
    Attack("1.3", "a stream that outlives its token", outliving_stream),
    Attack("1.4", "unusable keys in a JWKS", unusable_key),
    Attack("1.14", "a token with an empty subject", empty_subject),
    Attack("1.14", "the type of what a caller may not see", names_of_closed_types),
)
