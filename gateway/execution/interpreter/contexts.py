"""Arguments from contexts: what the objects around an entity give it, and the requests that this makes of one fetch.

An argument has one value for all entities of an ``_entities`` field. So the entities of a group are sorted by the values that they get
from their surroundings. One set of values: the fetch is sent as it was planned. Several: the group stands in the document
once for each set, under numbered names; none: it is left out. Very many sets go in several requests, side by side.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain
from typing import Any, Final

from gateway.errors import SubgraphError
from gateway.execution.encoding import encode_json
from gateway.execution.interpreter.failed_nulls import FailedNulls
from gateway.execution.interpreter.failures import Failure
from gateway.execution.interpreter.program import FetchProgram, GroupProgram
from gateway.execution.interpreter.representations import Gathered, PartFailed, gather
from gateway.execution.interpreter.tree import Place, Tree, trail_path
from gateway.execution.request import SubgraphEndpoint
from gateway.operation.model import TYPENAME
from gateway.planning.emit.documents import numbered, print_entities
from gateway.planning.plan import EntityGroup, GroupContext, RepresentationField

MAX_SETS_OF_VALUES: Final = 50
"""Of contexts, in one request: each repeats a group's selections in the document."""

_Values = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What is sent of a fetch with one document.

    Attributes:
        gathered: the representations of each of the program's groups.
        given: members of the request's variables that are encoded already, beside representations.
    """

    program: FetchProgram
    gathered: Sequence[Gathered]
    given: tuple[bytes, ...] = ()


@dataclass(slots=True)
class Surrounded:
    """A group's entities by the values that they get.

    Attributes:
        unsendable: places whose object lacks a part, or a value.
        lacking: the identities of those among them that lack a value, though all was fetched.
        failed: places for which a null that an error explains stands where a value should be, with that failure.
    """

    by_values: dict[_Values, Gathered] = field(default_factory=dict)
    unsendable: list[Place] = field(default_factory=list)
    lacking: set[int] = field(default_factory=set)
    failed: list[tuple[Place, Failure]] = field(default_factory=list)


class _Missing(Exception):
    """Raised when nothing around an object gives a value, because what should have been fetched is not there."""


class _Lacking(Exception):
    """Raised when nothing around an object gives a value: nobody sets the context, or it is null and may not be."""


def surround(tree: Tree, places: Iterable[Place], group: EntityGroup, failed_nulls: FailedNulls) -> Surrounded:
    """The entities of a group, sorted by the values of its contexts, in the order first met."""
    found = Surrounded()
    by_values: dict[_Values, list[Place]] = {}
    for place in places:
        try:
            around = _around(tree, place)
            values = tuple(encode_json(_value(context, around, failed_nulls)) for context in group.contexts)
        except _Missing:
            found.unsendable.append(place)
        except _Lacking:
            found.unsendable.append(place)
            found.lacking.add(id(place))
        except PartFailed as failed:
            found.failed.append((place, failed.cause))
        else:
            by_values.setdefault(values, []).append(place)
    for values, alike in by_values.items():
        gathered = gather(alike, group.representations, failed_nulls)
        found.unsendable.extend(gathered.unsendable)
        found.failed.extend(gathered.failed)
        if gathered.encoded:
            found.by_values[values] = gathered
    return found


def lacks_context(service: SubgraphEndpoint) -> SubgraphError:
    """What is told where an argument from a context has no value."""
    message = f"Subgraph {service.name!r} takes an argument from an enclosing object that has no value for it here."
    return SubgraphError(message, service=service.name, code="CONTEXT_WITHOUT_VALUE")


def parts(program: FetchProgram, found: Sequence[Gathered | Surrounded]) -> list[Part]:
    """What is sent of a fetch whose groups' entities are `found`."""
    sets = [list(each.by_values.items()) if isinstance(each, Surrounded) else [((), each)] for each in found]
    if all(len(of_group) == 1 for of_group in sets):
        given = [_given(group, of_group[0][0]) for group, of_group in zip(program.groups, sets, strict=True)]
        return [Part(program, [of_group[0][1] for of_group in sets], tuple(chain.from_iterable(given)))]
    entries = [
        (_numbered(group, number), values, gathered)
        for group, of_group in zip(program.groups, sets, strict=True)
        for number, (values, gathered) in enumerate(of_group)
    ]
    return [
        _part(program, entries[start : start + MAX_SETS_OF_VALUES])
        for start in range(0, len(entries), MAX_SETS_OF_VALUES)
    ]


def _part(program: FetchProgram, entries: Sequence[tuple[GroupProgram, _Values, Gathered]]) -> Part:
    groups = tuple(group for group, _, _ in entries)
    asked = tuple(group.group for group in groups)
    named = set(re.findall(r"\$(\w+)", print_entities((), asked)))
    variables = [(name, prefix) for name, prefix in program.variable_prefixes if name in named]
    document = print_entities([program.declarations[name] for name, _ in variables], asked)
    own = replace(
        program,
        fetch=replace(program.fetch, document=document, groups=asked, variables=tuple(name for name, _ in variables)),
        document_prefix=b'{"query":' + encode_json(document),
        variable_prefixes=tuple(variables),
        groups=groups,
    )
    given = chain.from_iterable(_given(group, values) for group, values, _ in entries)
    return Part(own, [gathered for _, _, gathered in entries], tuple(given))


def _numbered(program: GroupProgram, number: int) -> GroupProgram:
    if not program.group.contexts:
        return program
    group = numbered(program.group, str(number), alias=f"{program.group.alias}_")
    return GroupProgram(group, encode_json(group.variable) + b":", program.shape)


def _given(program: GroupProgram, values: _Values) -> list[bytes]:
    contexts = program.group.contexts
    return [encode_json(c.variable) + b":" + value for c, value in zip(contexts, values, strict=True)]


def _around(tree: Tree, place: Place) -> list[Tree]:
    """The objects around a place, the nearest first."""
    objects: list[Tree] = []
    value: Any = tree
    for segment in trail_path(place.trail):
        if isinstance(value, dict):
            objects.append(value)
        value = value[segment]
    objects.reverse()
    return objects


def _value(context: GroupContext, around: list[Tree], failed_nulls: FailedNulls) -> Any:
    for origin in context.origins:
        holder = around[origin.levels - 1]
        if origin.types is None or holder.get("__typename") in origin.types:
            value = _followed(origin.value, holder, failed_nulls)
            if value is None and context.type.endswith("!"):
                raise _Lacking
            return value
    raise _Lacking


def _followed(read: RepresentationField, holder: Tree, failed_nulls: FailedNulls) -> Any:
    """The leaf that a field leads to; lists on the way stay lists, a null ends it."""
    if read.name == TYPENAME:
        return read.source
    if read.source not in holder:
        raise _Missing
    return _leaf(read, holder, read.source, failed_nulls)


def _leaf(read: RepresentationField, holder: Any, key: str | int, failed_nulls: FailedNulls) -> Any:
    found = holder[key]
    if found is None:
        cause = failed_nulls.cause(holder, key)
        if cause is not None:
            raise PartFailed(cause)
        return None
    if isinstance(found, list):
        return [_leaf(read, found, index, failed_nulls) for index in range(len(found))]
    if not read.branches:
        return float(found) if isinstance(found, Decimal) and Decimal(repr(float(found))) == found else found
    if not isinstance(found, dict):
        raise _Missing
    for branch in read.branches:
        if branch.types is None or found.get("__typename") in branch.types:
            for inner in branch.fields:
                return _followed(inner, found, failed_nulls)
    raise _Lacking
