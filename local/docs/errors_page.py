"""`docs/gateway/errors.md`, from the tables of codes."""

from collections.abc import Iterable

from gateway import codes
from gateway.codes import ErrorCode
from gateway.composition import codes as composition_codes
from local.docs.markdown import code, page, table

INTRODUCTION = """\
# Errors

<!-- Written by `python -m local.docs` from `gateway/codes.py` and `gateway/composition/codes.py`. -->

Every error of a running gateway has a code in `extensions.code`. A subgraph's own errors keep their codes if the setting `errors` passes
them."""

REFUSALS = """\
## Refused requests

The request is wrong, or the gateway cannot answer it now. No subgraph is called. A page of an origin in `server.cors_origins` can read the
answer, also where the gateway refuses before it routes (408, 431), if the `Origin` header arrived before the refusal."""

PARTIAL = """\
## Errors of single fields

The answer has status 200, `data` has the other fields, and `path` is the place in the client's operation."""

FAULTS = """\
## Faults of the gateway

The log has the cause."""

LOGGED = """\
## Codes of the request log

No client sees these."""

SUPERGRAPH = """\
## Errors of a supergraph

`serve`, `plan` and `check` print these when they cannot load a supergraph. A gateway that runs keeps the old one."""

COMPOSITION = """\
## Errors of composition

`compose`, `check` and `dev` print each error with its places and with advice for the case at hand."""

HINTS = """\
## Hints of composition

A hint prevents nothing. `compose --hints` chooses the least level to print; it is `warn` by default."""


def render() -> str:
    """Return the page."""
    return page(
        INTRODUCTION,
        REFUSALS,
        _with_statuses(codes.REFUSALS),
        PARTIAL,
        _without_statuses(codes.PARTIAL),
        FAULTS,
        _with_statuses(codes.FAULTS),
        LOGGED,
        table(("code", "meaning"), ((code(each.name), each.meaning) for each in codes.LOGGED)),
        SUPERGRAPH,
        _without_statuses(codes.SUPERGRAPH),
        COMPOSITION,
        _without_statuses(composition_codes.ERRORS),
        HINTS,
        table(
            ("code", "level", "meaning"),
            ((code(hint.name), hint.level.value, hint.meaning) for hint in composition_codes.HINTS),
        ),
    )


def _with_statuses(rows: Iterable[ErrorCode]) -> str:
    return table(
        ("code", "status", "meaning", "what to do"),
        ((code(each.name), ", ".join(map(str, each.statuses)), each.meaning, each.remedy) for each in rows),
    )


def _without_statuses(rows: Iterable[ErrorCode]) -> str:
    return table(("code", "meaning", "what to do"), ((code(each.name), each.meaning, each.remedy) for each in rows))
