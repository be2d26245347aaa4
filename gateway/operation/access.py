"""Who may see what, decided on the concrete type and field before anything is planned.

The demands of a supergraph are cut into requirements: being signed in, and each list of alternatives of scopes or policies. Each
requirement is a bit. What a caller satisfies is one integer, worked out once per caller; what a field demands is another; a field
is refused where a demanded bit is not satisfied. An operation's plan depends on the caller only through the bits that its fields
demand, so these, and nothing else of the caller, are part of the plan's cache key.

Every way to a field leads through its concrete type: a field chosen on an interface or a union is judged for each type that the
value may have, and where the judgements differ it is split by type. A field that needs others (`@requires`, `@fromContext`)
demands what they demand, so nothing can be read through it.

    type Bill { total: Int @authenticated }  type Gift { total: Int }  interface Item { total: Int }
    anonymous { item { total } }   becomes   { item { ... on Bill { total: refused } ... on Gift { total } } }
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from graphql import get_named_type

from gateway.operation.model import Field, Fragment, Operation, Refusal, Selection
from gateway.supergraph.access import Access
from gateway.supergraph.field_sets import SetField, SetFragment, SetSelection, parse_field_set
from gateway.supergraph.model import Supergraph

SIGNED_IN = 1
"""The bit of being signed in; always bit 0, since it also decides how a refusal is worded."""

MAX_REMEMBERED_CALLERS = 1024


@dataclass(frozen=True, slots=True)
class Caller:
    """The client on whose behalf a request is answered.

    Attributes:
        subject: the account; None if nobody is signed in.
        roles: names that the issuer gave; they are also the policies that the caller satisfies.
        anonymous_id: of the device, for callers that are not signed in.
    """

    subject: str | None = None
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    anonymous_id: str | None = None

    @property
    def is_signed_in(self) -> bool:
        return self.subject is not None


ANONYMOUS = Caller()

_Alternatives = tuple[frozenset[str], ...]


class AccessRules:
    """The demands of one supergraph as bits."""

    def __init__(self, supergraph: Supergraph) -> None:
        self._supergraph = supergraph
        self._scopes: dict[_Alternatives, int] = {}
        self._policies: dict[_Alternatives, int] = {}
        self._next_bit = SIGNED_IN << 1
        direct = {place: self._bits(access) for place, access in supergraph.access.items()}
        self._demands: Mapping[tuple[str, str], int] = _with_needed(supergraph, direct) if direct else {}
        self._satisfied: dict[Caller, int] = {}

    @property
    def is_open(self) -> bool:
        """Nothing is demanded anywhere."""
        return not self._demands

    def satisfied(self, caller: Caller) -> int:
        """The bits that the caller satisfies."""
        if not self._demands:
            return 0
        bits = self._satisfied.get(caller)
        if bits is None:
            bits = SIGNED_IN if caller.is_signed_in else 0
            for alternatives, bit in self._scopes.items():
                if any(needed <= caller.scopes for needed in alternatives):
                    bits |= bit
            for alternatives, bit in self._policies.items():
                if any(needed <= caller.roles for needed in alternatives):
                    bits |= bit
            if len(self._satisfied) >= MAX_REMEMBERED_CALLERS:
                self._satisfied.clear()
            self._satisfied[caller] = bits
        return bits

    def relevant(self, operation: Operation) -> int:
        """The bits that the operation's fields demand: the part of `satisfied` that its plan depends on."""
        if not self._demands:
            return 0
        bits = 0
        for place in self._places(operation.selections, operation.root_type, frozenset((operation.root_type,))):
            bits |= self._demands.get(place, 0)
        return bits | SIGNED_IN if bits else 0

    def enforce(self, operation: Operation, satisfied: int) -> Operation:
        """The operation with a refusal on each field that the caller may not see."""
        if not self._demands:
            return operation
        root = operation.root_type
        kept = self._enforce_set(operation.selections, root, frozenset((root,)), satisfied)
        return replace(operation, selections=kept)

    def _bits(self, access: Access) -> int:
        bits = SIGNED_IN if access.authenticated else 0
        for alternatives in access.scopes:
            bits |= self._bit(self._scopes, alternatives)
        for alternatives in access.policies:
            bits |= self._bit(self._policies, alternatives)
        return bits

    def _bit(self, known: dict[_Alternatives, int], alternatives: _Alternatives) -> int:
        if alternatives not in known:
            known[alternatives] = self._next_bit
            self._next_bit <<= 1
        return known[alternatives]

    def _places(
        self, selections: tuple[Selection, ...], parent: str, possible: frozenset[str]
    ) -> Iterator[tuple[str, str]]:
        """Every (type, field) that the selections may read, concrete types and the type as written."""
        for selection in selections:
            if isinstance(selection, Fragment):
                narrowed = possible & self._possible(selection.type_condition)
                yield from self._places(selection.selections, selection.type_condition, narrowed)
                continue
            yield parent, selection.name
            for concrete in possible:
                yield concrete, selection.name
            if selection.selections:
                returned = self._returned(parent, selection.name)
                yield from self._places(selection.selections, returned, self._possible(returned))

    def _enforce_set(
        self, selections: tuple[Selection, ...], parent: str, possible: frozenset[str], satisfied: int
    ) -> tuple[Selection, ...]:
        kept: list[Selection] = []
        for selection in selections:
            if isinstance(selection, Fragment):
                narrowed = possible & self._possible(selection.type_condition)
                inner = self._enforce_set(selection.selections, selection.type_condition, narrowed, satisfied)
                kept.append(replace(selection, selections=inner))
            else:
                kept.extend(self._enforce_field(selection, parent, possible, satisfied))
        return tuple(kept)

    def _enforce_field(
        self, selected: Field, parent: str, possible: frozenset[str], satisfied: int
    ) -> Iterator[Selection]:
        """The field as it may be seen: as it is, refused, or split by concrete type where types differ."""
        common = self._demands.get((parent, selected.name), 0)
        denied = {
            concrete for concrete in possible if (self._demands.get((concrete, selected.name), 0) | common) & ~satisfied
        }
        if common & ~satisfied or (denied and len(denied) == len(possible)):
            yield self._refused(selected, parent, satisfied)
            return
        allowed = selected
        if selected.selections:
            returned = self._returned(parent, selected.name)
            inner = self._enforce_set(selected.selections, returned, self._possible(returned), satisfied)
            allowed = replace(selected, selections=inner)
        if not denied:
            yield allowed
            return
        for concrete in sorted(possible):
            shown = self._refused(selected, concrete, satisfied) if concrete in denied else allowed
            yield Fragment(concrete, (shown,))

    def _refused(self, selected: Field, parent: str, satisfied: int) -> Field:
        place = f"{parent}.{selected.name}"
        if satisfied & SIGNED_IN:
            refusal = Refusal("FORBIDDEN", f"You may not see {place}.")
        else:
            refusal = Refusal("UNAUTHENTICATED", f"Sign in to see {place}.")
        return replace(selected, refusal=refusal)

    def _possible(self, type_name: str) -> frozenset[str]:
        return self._supergraph.possible_types.get(type_name, frozenset())

    def _returned(self, parent: str, field_name: str) -> str:
        """The named type of a field of the API schema."""
        api = self._supergraph.api
        composite = api.get_type(parent)
        definition = api.get_field(composite, field_name) if composite is not None else None  # type: ignore[arg-type]
        return get_named_type(definition.type).name if definition is not None else ""


def _with_needed(supergraph: Supergraph, direct: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Each field's demands and those of all fields that it needs, at whatever depth, in whatever subgraph."""
    needs: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for types in supergraph.subgraph_types.values():
        for known_type in types.values():
            for known in known_type.fields.values():
                needed = needs.setdefault((known_type.name, known.name), set())
                if known.requires is not None:
                    needed.update(_read_by(supergraph, known.requires.selections, known_type.name))
                for argument in known.hidden_arguments:
                    selections = parse_field_set(argument.selection).selections
                    for setting in _setting_types(supergraph, argument.context):
                        needed.update(_read_by(supergraph, selections, setting))
    demands = dict(direct)
    is_changed = True
    while is_changed:
        is_changed = False
        for place, needed in needs.items():
            bits = demands.get(place, 0)
            for other in needed:
                bits |= demands.get(other, 0)
            if bits != demands.get(place, 0):
                demands[place] = bits
                is_changed = True
    return demands


def _setting_types(supergraph: Supergraph, context: str) -> Iterator[str]:
    for types in supergraph.subgraph_types.values():
        for known_type in types.values():
            if context in known_type.contexts:
                yield known_type.name


def _read_by(supergraph: Supergraph, selections: tuple[SetSelection, ...], type_name: str) -> Iterator[tuple[str, str]]:
    """Every (type, field) that a field set reads, for each concrete type, hidden fields included."""
    for selection in selections:
        if isinstance(selection, SetFragment):
            yield from _read_by(supergraph, selection.selections, selection.type_condition)
            continue
        assert isinstance(selection, SetField)
        yield type_name, selection.name
        for concrete in supergraph.possible_types.get(type_name, ()):
            yield concrete, selection.name
        if selection.selections:
            for returned in _returned_types(supergraph, type_name, selection.name):
                yield from _read_by(supergraph, selection.selections, returned)


def _returned_types(supergraph: Supergraph, type_name: str, field_name: str) -> set[str]:
    found = set()
    for types in supergraph.subgraph_types.values():
        known_type = types.get(type_name)
        if known_type is not None and field_name in known_type.fields:
            found.add(known_type.fields[field_name].type_name)
    return found
