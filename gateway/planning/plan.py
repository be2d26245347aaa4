"""The plan: which subgraph is asked what, after which answers, and where the result belongs.

The tree. All fetches of a request write into one tree of JSON-like values, shaped like the client's answer. Its rule:

- A field the client asked for is in the tree under the client's response name.
- What only the gateway needs (keys, requirements, types) is under a name that begins with `Plan.hidden_prefix`, unless the
  client's own selection holds exactly that field (same name, same arguments), under whatever name. None of the client's
  response names begins so, therefore no alias of a client's ever poses as a key that it is not.
- ``__typename`` in the tree is the concrete type's name in the API schema, wherever more than one type is possible, or a
  subgraph's name for it would differ (interface objects, until a later fetch brings the true one).

A fetch is one HTTP request. A root fetch asks for fields of the root type. An entity fetch asks ``_entities`` once for each
of its groups (aliased when there are several), each group with its own representations, taken from the tree at its targets,
de-duplicated, and merged back at every place they came from. Fetches form a graph by `depends_on`; a fetch starts when all of
those are done. Serial execution of mutations is expressed by dependencies too: nothing else says when a fetch runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.operation.model import OperationKind

HIDDEN = "__"


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step down the tree: into the value under `key`, then through its lists.

    Attributes:
        key: the name in the tree.
        list_depth: how many lists are around the objects there; 0 for a plain object.
        types: concrete type names to go on with, judged by ``__typename`` in the object reached; None takes every object.
    """

    key: str
    list_depth: int = 0
    types: frozenset[str] | None = None


Path = tuple[PathStep, ...]


@dataclass(frozen=True, slots=True)
class RepresentationField:
    """A field of a representation: sent as `name`, read from the tree at `source`.

    Where a context reads ``__typename``, `source` is the type's name itself: the objects are of that type.

    Attributes:
        branches: for an object-valued field, what to send of it; () for a leaf, which is sent as it is. The first branch
            whose `types` hold the object's ``__typename`` applies (types None: any object). Lists are walked through.
    """

    name: str
    source: str
    branches: "tuple[RepresentationBranch, ...]" = ()


@dataclass(frozen=True, slots=True)
class RepresentationBranch:
    """What is sent of a nested object of certain types.

    Attributes:
        typename: sent as ``__typename`` if not None (the requirement's selection asked for it).
    """

    types: frozenset[str] | None
    fields: tuple[RepresentationField, ...]
    typename: str | None = None


@dataclass(frozen=True, slots=True)
class Representation:
    """How the objects of some types at a target become representations.

    Attributes:
        types: concrete type names, judged by the tree's ``__typename``; None where only one type is possible, and no
            ``__typename`` was fetched.
        typename: what is sent as ``__typename``: the type's name as the asked subgraph knows it (an interface's name for an
            interface object). None sends the tree's own ``__typename``.
        fields: keys first, then requirements. A key that is null or missing, or an object that is null, sends nothing; a
            null in a requirement is sent as it is.
        key_count: how many of `fields` belong to the key.
    """

    types: frozenset[str] | None
    typename: str | None
    fields: tuple[RepresentationField, ...]
    key_count: int


@dataclass(frozen=True, slots=True)
class FetchedField:
    """A field as a fetch asks for it.

    Attributes:
        response_name: its key in the subgraph's answer.
        key: its key in the tree; differs from `response_name` only where the document needed an alias of its own.
        name: the field's name in the subgraph.
        type_name: the named type it has in the subgraph, e.g. ``Product``, ``Int``.
        wrappers: its list and non-null wrappers in the subgraph, from outside in: ``"!"`` and ``"["``; ``[Int!]!`` is ``![!``.
        arguments: as GraphQL text, in order, e.g. ``(("first", "$first"), ("sort", "NEWEST"))``.
    """

    response_name: str
    key: str
    name: str
    type_name: str
    wrappers: str
    arguments: tuple[tuple[str, str], ...] = ()
    selections: "tuple[FetchedSelection, ...]" = ()


@dataclass(frozen=True, slots=True)
class FetchedFragment:
    """An inline fragment in a fetch's document.

    Attributes:
        type_condition: a type of the subgraph.
        types: the concrete types, by API schema name, whose objects it applies to.
    """

    type_condition: str
    types: frozenset[str]
    selections: "tuple[FetchedSelection, ...]"


FetchedSelection = FetchedField | FetchedFragment


@dataclass(frozen=True, slots=True)
class ContextOrigin:
    """Enclosing objects that a context's value is read from.

    Attributes:
        levels: how many objects up from the target's they are; 1 is the object whose field returns the target's.
        types: concrete type names, judged by the tree's ``__typename``; None where all objects there set the context.
        value: the field that is read; an object-valued one is followed down to the one leaf that it leads to.
    """

    levels: int
    types: frozenset[str] | None
    value: RepresentationField


@dataclass(frozen=True, slots=True)
class GroupContext:
    """A variable of a group whose value depends on the objects around each of its objects (`@fromContext`).

    Attributes:
        variable: its name in the document.
        type: as SDL. A null is sent as it is, unless the type ends with ``!``: then the object cannot be asked for.
        origins: the nearest first; the first whose types hold the enclosing object gives the value.
    """

    variable: str
    type: str
    origins: tuple[ContextOrigin, ...]


@dataclass(frozen=True, slots=True)
class EntityGroup:
    """One ``_entities`` field of a request.

    Attributes:
        alias: its response name in the document; ``_entities`` if it is the only one.
        variable: the name of its variable of representations.
        targets: the places in the tree whose objects it extends; the same representations and selections at each.
        representations: one for each kind of object; an object that none fits is left alone.
        selections: what is asked of each entity; merged into the object the representation was made of.
        contexts: variables that fields of `selections`, at their top, take as arguments. Objects for which their values differ
            cannot be asked for by one ``_entities`` field: the group then stands in the document once for each set of values.
    """

    alias: str
    variable: str
    targets: tuple[Path, ...]
    representations: tuple[Representation, ...]
    selections: tuple[FetchedSelection, ...]
    contexts: tuple[GroupContext, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetch:
    """One request to one subgraph.

    Attributes:
        id: its index in `Plan.fetches`.
        service: the subgraph's name.
        kind: of the GraphQL operation that is sent; entity fetches are queries.
        depends_on: ids of the fetches that must be done before; always smaller than `id`.
        document: the GraphQL text to send.
        variables: names of the client's variables that the document uses; representations are not among them.
        selections: for a root fetch: merged into the tree's root, or into the objects at `root_path`. () for an entity fetch.
        groups: for an entity fetch: at least one. () for a root fetch.
        root_path: where a root fetch's answer belongs if not the root: a field that returns the root type again.
    """

    id: int
    service: str
    kind: OperationKind
    depends_on: tuple[int, ...]
    document: str
    variables: tuple[str, ...] = ()
    selections: tuple[FetchedSelection, ...] = ()
    groups: tuple[EntityGroup, ...] = ()
    root_path: Path = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All fetches of an operation, in an order in which each comes after those it depends on.

    Attributes:
        kind: the client's operation. For a subscription, fetch 0 is the subscription itself; the others run for each event,
            with the event's data as the tree.
        fetches: may be empty: ``{ __typename }`` asks nobody.
        hidden_prefix: what the names of fields begin with that only the gateway needs: two underscores, or more where
            the client has such aliases.
    """

    kind: OperationKind
    fetches: tuple[Fetch, ...]
    hidden_prefix: str = HIDDEN

    def depth(self) -> int:
        """The length of the longest chain of fetches that wait for each other; 0 for an empty plan."""
        depths: list[int] = []
        for fetch in self.fetches:
            depths.append(1 + max((depths[i] for i in fetch.depends_on), default=0))
        return max(depths, default=0)


def walk_fetched(selections: tuple[FetchedSelection, ...]) -> Iterator[FetchedField]:
    """Every field of a fetch's selections and below, in document order."""
    for selection in selections:
        if isinstance(selection, FetchedField):
            yield selection
        yield from walk_fetched(selection.selections)
