"""Who may see what, decided on the concrete type and field before anything is planned.

The demands of a supergraph are cut into requirements: being signed in, and each list of alternatives of scopes or policies. Each
requirement is a bit. What a caller satisfies is one integer, worked out once per caller; what a field demands is another; a field
is refused where a demanded bit is not satisfied. An operation's plan depends on the caller only through the bits that its fields
demand, so these, and nothing else of the caller, are part of the plan's cache key.

Normalising asks for each field, and for a field of an interface about every type that the value may have, so that every way to a
field leads through its concrete type. A field that needs others (`@requires`, `@fromContext`) demands what they demand: nothing
can be read through it.

    type Bill { total: Int @authenticated }  type Gift { total: Int }  interface Item { total: Int }
    anonymous { item { total } }   becomes   { item { ... on Bill { total: refused } ... on Gift { total } } }
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, OperationDefinitionNode

from gateway.operation.model import Refusal
from gateway.operation.parse import Document
from gateway.supergraph.access import Access
from gateway.supergraph.field_sets import SetField, SetFragment, SetSelection
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
        session_id: of the sign-in that the token comes from (the claim `sid`); a subgraph may know that it is over.
    """

    subject: str | None = None
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    anonymous_id: str | None = None
    session_id: str | None = None

    @property
    def is_signed_in(self) -> bool:
        return self.subject is not None


ANONYMOUS = Caller()

_Alternatives = tuple[frozenset[str], ...]

Right = tuple[str, _Alternatives]
"""What one bit stands for, in words that the rules of another supergraph understand: its kind, and what is enough for it."""


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
        self._by_name: dict[str, int] = {}
        for (_, field_name), bits in self._demands.items():
            self._by_name[field_name] = self._by_name.get(field_name, 0) | bits

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

    def rights(self, bits: int) -> frozenset[Right]:
        """What these bits stand for."""
        return frozenset(right for right, bit in self._by_right() if bits & bit)

    def bits(self, rights: frozenset[Right]) -> int:
        """The bits of those rights that something here demands."""
        return sum(bit for right, bit in self._by_right() if right in rights)

    def _by_right(self) -> Iterator[tuple[Right, int]]:
        yield ("signed in", ()), SIGNED_IN
        for kind, known in (("scopes", self._scopes), ("policies", self._policies)):
            for alternatives, bit in known.items():
                yield (kind, alternatives), bit

    def relevant(self, document: Document, definition: OperationDefinitionNode) -> int:
        """The bits that the operation's plan may depend on: those that any field of one of its names demands, on any type.

        Judged by name alone, so that it does not depend on conditions; a bit too many only costs a plan.
        """
        bits = 0
        for name in _field_names(document, definition):
            bits |= self._by_name.get(name, 0)
        return bits | SIGNED_IN if bits else 0

    def refusals(self, satisfied: int) -> Callable[[str, str], Refusal | None]:
        """For a caller that satisfies these bits, why it may not see a field, by (type, field); None if it may."""
        demands = self._demands
        is_signed_in = bool(satisfied & SIGNED_IN)

        def refuse(type_name: str, field_name: str) -> Refusal | None:
            if not demands.get((type_name, field_name), 0) & ~satisfied:
                return None
            if is_signed_in:
                return Refusal("FORBIDDEN", f'You may not see "{field_name}".')
            return Refusal("UNAUTHENTICATED", f'Sign in to see "{field_name}".')

        return refuse

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


def _field_names(document: Document, definition: OperationDefinitionNode) -> set[str]:
    """The names of all fields that an operation selects, its fragments included."""
    names: set[str] = set()
    spread: set[str] = set()
    pending = [definition.selection_set]
    while pending:
        for selection in pending.pop().selections:
            match selection:
                case FieldNode():
                    names.add(selection.name.value)
                    if selection.selection_set is not None:
                        pending.append(selection.selection_set)
                case InlineFragmentNode():
                    pending.append(selection.selection_set)
                case FragmentSpreadNode():
                    fragment = document.fragments.get(selection.name.value)
                    if fragment is not None and selection.name.value not in spread:
                        spread.add(selection.name.value)
                        pending.append(fragment.selection_set)
                case _:
                    pass
    return names


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
                    for setting in _setting_types(supergraph, argument.context):
                        needed.update(_read_by(supergraph, argument.selection.selections, setting))
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
