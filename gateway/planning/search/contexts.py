"""Contexts: which enclosing objects give the arguments that fields take from them (`@context`, `@fromContext`).

The needs of an operation are a tree, so what encloses a field is known before anything is searched. For each field that takes a
context in some subgraph, the objects around it are gone through, from the nearest outwards; those whose type sets the context
get one more need: what is read of them. So the search serves it like any other, and the field waits for it.

    type Shop @context(name: "shop") { currency: String items: [Item] }    type Item { price(in: String @fromContext(..)): Int }

    { shop { items { price } } }
    shop -> [currency for the context, items -> [price, taking it from one object up]]

Types decide at each object: where only some types of an enclosing object set the context, it is a source for those, and the search
goes on outwards for the others. The object itself, whose field takes the context, does not enclose itself.
"""

from dataclasses import dataclass, field, replace

from gateway.operation.model import TYPENAME, Operation, OperationKind
from gateway.planning.needs import ContextSource, Need, NeedContext, field_set_needs, total_weight
from gateway.planning.search.federated_schema import FederatedSchema
from gateway.supergraph.field_sets import FieldSet
from gateway.supergraph.model import ContextArgument


def with_contexts(needs: tuple[Need, ...], operation: Operation, schema: FederatedSchema) -> tuple[Need, ...]:
    """The needs of an operation, with those that contexts add, and each field told where its arguments come from."""
    types = frozenset({operation.root_type})
    root = _Level(types)
    read = _Reader(schema).read(needs, ((root, types),))
    # Of a mutation's root nothing but mutations could be asked.
    return (*root.needs(), *read) if operation.kind is OperationKind.QUERY else read


@dataclass(slots=True, eq=False)
class _Level:
    """The objects that one need returns.

    Attributes:
        types: concrete types that they can have.
        added: what contexts read of them, by selection and the types it is read of.
    """

    types: frozenset[str]
    added: dict[tuple[FieldSet, frozenset[str]], tuple[Need, ...]] = field(default_factory=dict)

    def needs(self) -> tuple[Need, ...]:
        """All that contexts read of them."""
        return tuple(need for needs in self.added.values() for need in needs)


_Chain = tuple[tuple[_Level, frozenset[str]], ...]
"""The enclosing objects from the root on, and the types they have where the chain goes on."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What all subgraphs together say of a field: the concrete types it returns, its arguments from contexts with their subgraph."""

    returned: frozenset[str]
    arguments: dict[ContextArgument, str]


class _Reader:
    def __init__(self, schema: FederatedSchema) -> None:
        self._schema = schema
        self._types = schema.supergraph.subgraph_types
        self._fields: dict[tuple[frozenset[str], str], _Known] = {}
        self._setters: dict[tuple[str, str], frozenset[str]] = {}

    def read(self, needs: tuple[Need, ...], chain: _Chain) -> tuple[Need, ...]:
        """The needs of the objects at the end of the chain."""
        return tuple(need if need.name == TYPENAME else self._read(need, chain) for need in needs)

    def _read(self, need: Need, chain: _Chain) -> Need:
        around, types = chain[-1]
        if need.types is not None:
            types &= need.types
            chain = (*chain[:-1], (around, types))
        known = self._fields.get((types, need.name))
        if known is None:
            known = self._fields[types, need.name] = self._look_up(types, need.name)
        children = need.children
        if children:
            level = _Level(known.returned)
            read = self.read(children, (*chain, (level, known.returned)))
            children = (*level.needs(), *read)
        contexts = tuple(
            NeedContext(argument, sources)
            for argument, service in known.arguments.items()
            if (sources := self._sources(argument, service, chain))
        )
        return replace(need, children=children, contexts=contexts, weight=total_weight(children) or 1)

    def _look_up(self, types: frozenset[str], name: str) -> _Known:
        returned: set[str] = set()
        arguments: dict[ContextArgument, str] = {}
        for service, known_types in self._types.items():
            for type_name in sorted(types):
                for holder in (type_name, *sorted(self._schema.supergraph.interfaces.get(type_name, ()))):
                    known = known_types.get(holder)
                    if known is not None and name in known.fields:
                        returned.update(self._schema.possible_types(known.fields[name].type_name))
                        arguments.update(dict.fromkeys(known.fields[name].hidden_arguments, service))
        return _Known(frozenset(returned), arguments)

    def _setting(self, service: str, context: str) -> frozenset[str]:
        """The concrete types whose objects set a context of the subgraph."""
        known = self._setters.get((service, context))
        if known is None:
            setting = [name for name, each in self._types[service].items() if context in each.contexts]
            known = frozenset().union(*(self._schema.possible_in(service, name) for name in setting))
            self._setters[service, context] = known
        return known

    def _sources(self, argument: ContextArgument, service: str, chain: _Chain) -> tuple[ContextSource, ...]:
        setters = self._setting(service, argument.context)
        sources: list[ContextSource] = []
        for levels, (level, types) in enumerate(reversed(chain[:-1]), start=1):
            setting = types & setters
            if not setting:
                continue
            needs = self._added(level, argument.selection, setting)
            sources.append(ContextSource(levels, None if setting == types else setting, needs))
            if setting == types:
                break
        return tuple(sources)

    def _added(self, level: _Level, selection: FieldSet, setting: frozenset[str]) -> tuple[Need, ...]:
        known = level.added.get((selection, setting))
        if known is None:
            possible = self._schema.supergraph.possible_types
            types = None if setting == level.types else setting
            read = field_set_needs(selection.selections, possible, types)
            known = tuple(
                replace(_with_typenames(need), is_context=True)
                for need in read
                if need.types is None or need.types & level.types
            )
            level.added[selection, setting] = known
        return known


def _with_typenames(need: Need) -> Need:
    """The need, each ``__typename`` in it marked as one that a context reads."""
    if need.name == TYPENAME:
        return replace(need, is_context=True)
    return replace(need, children=tuple(map(_with_typenames, need.children)))
