"""The supergraph as SDL: link v1.0, join v0.5, and only those other specifications that it uses.

Everything is in a fixed order (types and subgraphs by name, fields as the first subgraph by name has them), so that the same
subgraphs always give the same text.

Source: https://specs.apollo.dev/join/v0.3/ and https://specs.apollo.dev/link/v1.0/
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count

from graphql import StringValueNode, print_ast

from gateway.composition.merged_model import (
    Applied,
    JoinDirective,
    JoinField,
    JoinType,
    MergedDirective,
    MergedInput,
    MergedType,
    MergedValue,
    Supergraph,
)
from gateway.composition.model import Kind, SubgraphSchema
from gateway.composition.specs import DIRECTIVES, TYPES
from gateway.supergraph.link_address import read_address

_NOT_A_NAME = re.compile(r"\W")
_NUMBERED = re.compile(r"_\d+$")


@dataclass(frozen=True, slots=True)
class _Feature:
    """A specification whose directives a supergraph may carry.

    Attributes:
        scalar: that its arguments need, or None.
        is_joined: its directives are kept as `@join__directive`, so the supergraph has no definition of them.
    """

    url: str
    purpose: str | None
    directives: tuple[str, ...]
    scalar: str | None = None
    is_joined: bool = False

    @property
    def name(self) -> str:
        """What its elements are prefixed with, unless imported."""
        return self.url.split("/")[-2]


_FEATURES = (
    _Feature("https://specs.apollo.dev/tag/v0.3", None, ("tag",)),
    _Feature("https://specs.apollo.dev/inaccessible/v0.2", "SECURITY", ("inaccessible",)),
    _Feature("https://specs.apollo.dev/authenticated/v0.1", "SECURITY", ("authenticated",)),
    _Feature("https://specs.apollo.dev/requiresScopes/v0.1", "SECURITY", ("requiresScopes",), "Scope"),
    _Feature("https://specs.apollo.dev/policy/v0.1", "SECURITY", ("policy",), "Policy"),
    _Feature("https://specs.apollo.dev/context/v0.1", "SECURITY", ("context",), "ContextFieldValue"),
    _Feature("https://specs.apollo.dev/cost/v0.1", None, ("cost", "listSize")),
    _Feature("https://specs.apollo.dev/cacheTag/v0.1", "EXECUTION", ("cacheTag",), is_joined=True),
)
_LINK = "directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA"
_JOIN = tuple(
    f"directive @join__{definition}"
    for definition in (
        "directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION",
        "enumValue(graph: join__Graph!) repeatable on ENUM_VALUE",
        "field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String, contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION",
        "graph(name: String!, url: String!) on ENUM_VALUE",
        "implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE",
        "type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR",
        "unionMember(graph: join__Graph!, member: String!) repeatable on UNION",
    )
)
_PLUMBING = (
    "input join__ContextArgument {\n  name: String!\n  type: String!\n  context: String!\n  selection: join__FieldValue!\n}",
    "scalar join__DirectiveArguments",
    "scalar join__FieldSet",
    "scalar join__FieldValue",
    "scalar link__Import",
    (
        'enum link__Purpose {\n  """What protects data: a gateway that does not know it must refuse the supergraph."""\n'
        '  SECURITY\n  """What execution needs."""\n  EXECUTION\n}'
    ),
)


@dataclass(frozen=True, slots=True)
class _Names:
    """What the document calls things.

    Attributes:
        graphs: subgraph -> its value of ``join__Graph``.
        core: core directive -> what the subgraphs call it, where they rename it.
        namespaces: URL of a linked specification -> what stands before its elements that are not imported.
    """

    graphs: Mapping[str, str]
    core: Mapping[str, str]
    namespaces: Mapping[str, str]

    def directive(self, core: str) -> str:
        return self.core.get(core, core)

    def applied(self, directives: Iterable[Applied]) -> Iterator[str]:
        for applied in directives:
            yield str(applied) if applied.name.startswith("@") else applied.called(self.directive(applied.name))


def print_supergraph(supergraph: Supergraph) -> str:
    """The supergraph's SDL, ending with a newline."""
    used = set(_used_directives(supergraph))
    features = [feature for feature in _FEATURES if used.intersection(feature.directives)]
    names = _Names(graph_names(supergraph.subgraphs), supergraph.core_names, _namespaces(supergraph, features))
    parts = [
        _schema(supergraph, names, features, used),
        *_definitions(supergraph, names, features, used),
        *(f"scalar {names.namespaces[f.url]}__{f.scalar}" for f in features if f.scalar),
        *_PLUMBING,
        _graph_enum(supergraph, names.graphs),
        *(_type(merged, names) for merged in supergraph.types.values()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def graph_names(subgraphs: Iterable[SubgraphSchema]) -> dict[str, str]:
    """Subgraph name -> its value of the enum ``join__Graph``: capitals, never clashing."""
    candidates: dict[str, list[str]] = {}
    for subgraph in subgraphs:
        name = _NOT_A_NAME.sub("_", subgraph.name)
        name = f"_{name}" if name[:1].isdigit() else name
        name = f"{name}_" if _NUMBERED.search(name) else name
        candidates.setdefault(name.upper(), []).append(subgraph.name)
    return {
        subgraph: name if len(same) == 1 else f"{name}_{index}"
        for name, same in candidates.items()
        for index, subgraph in enumerate(same, start=1)
    }


def describe(text: str | None, indent: str = "") -> str:
    """A description above what it describes, ending with a line break; "" for none."""
    if not text:
        return ""
    block = print_ast(StringValueNode(value=text, block=True))
    return "".join(f"{indent}{line}\n" if line else "\n" for line in block.split("\n"))


def _namespaces(supergraph: Supergraph, features: Iterable[_Feature]) -> dict[str, str]:
    """URL of a specification -> its namespace: its name, or one made of it where that is no name, is another's, or is a directive."""
    taken = {"link", "join", *(local[1:] for composed in supergraph.features for local, _ in composed.imports)}
    found: dict[str, str] = {}
    wanted: list[tuple[str, str, set[str]]] = [(f.url, f.name, set()) for f in features]
    wanted += [
        (c.url, c.name or _name_from(c.url), {local[1:] for local, e in c.imports if c.name and e == f"@{c.name}"})
        for c in supergraph.features
    ]
    for url, name, own in wanted:
        bare = name.lstrip("_")
        further = chain([f"_{bare}"], (f"_{number}{bare}" for number in count()))
        namespace = name
        while namespace in taken - own or namespace in found.values():
            namespace = next(further)
        found[url] = namespace
    return found


def _name_from(url: str) -> str:
    """A namespace for a specification whose address gives none."""
    letters = re.sub(r"[^A-Za-z0-9]", "", read_address(url).segment)
    return letters if letters[:1].isalpha() else f"_{letters or 'spec'}"


def _link(url: str, name: str, namespace: str, imports: Iterable[tuple[str, str]], purpose: str | None) -> str:
    """A `@link`.

    Args:
        imports: (name here, name in the specification), directives with their ``@``.
    """
    shown = [
        _text(local) if local == element else f"{{name: {_text(element)}, as: {_text(local)}}}"
        for local, element in imports
    ]
    arguments = [f"url: {_text(url)}"]
    if namespace != name:
        arguments.append(f"as: {_text(namespace)}")
    if shown:
        arguments.append(f"import: [{', '.join(shown)}]")
    if purpose:
        arguments.append(f"for: {purpose}")
    return f"@link({', '.join(arguments)})"


def _imports(names: _Names, feature: _Feature, used: set[str]) -> Iterator[tuple[str, str]]:
    """The directives of a specification that go by another name than they would have without an import."""
    namespace = names.namespaces[feature.url]
    for name in feature.directives if not feature.is_joined else ():
        local = names.directive(name)
        if name in used and local != (namespace if name == feature.name else f"{namespace}__{name}"):
            yield f"@{local}", f"@{name}"


def _schema(supergraph: Supergraph, names: _Names, features: list[_Feature], used: set[str]) -> str:
    links = [
        '@link(url: "https://specs.apollo.dev/link/v1.0")',
        '@link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)',
    ]
    links.extend(_link(f.url, f.name, names.namespaces[f.url], _imports(names, f, used), f.purpose) for f in features)
    links.extend(_link(c.url, c.name, names.namespaces[c.url], c.imports, None) for c in supergraph.features)
    links.extend(names.applied(supergraph.directives))
    roots = [
        f"  {operation}: {name}"
        for operation, name in (("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription"))
        if name in supergraph.types
    ]
    head = "\n".join(("schema", *(f"  {link}" for link in links)))
    return f"{describe(supergraph.description)}{head}\n{{\n" + "\n".join(roots) + "\n}"


def _definitions(supergraph: Supergraph, names: _Names, features: list[_Feature], used: set[str]) -> list[str]:
    definitions = {text.split("@", 1)[1].split("(", 1)[0]: text for text in (_LINK, *_JOIN)}
    for feature in features:
        scalars = {name: f"{names.namespaces[feature.url]}__{name}" for name in TYPES}
        for name in feature.directives if not feature.is_joined else ():
            if name in used:
                local, definition = names.directive(name), DIRECTIVES[name].definition.format(**scalars)
                definitions[local] = f"directive @{local}{'' if definition.startswith('(') else ' '}{definition}"
    for composed in supergraph.features:
        definitions.update(composed.definitions)
    definitions.update({d.name: _executable(d, names) for d in supergraph.executable.values()})
    return [definitions[name] for name in sorted(definitions)]


def _executable(directive: MergedDirective, names: _Names) -> str:
    arguments = ", ".join(_input(argument, names) for argument in directive.arguments.values())
    return executable_definition(directive, arguments)


def executable_definition(directive: MergedDirective, arguments: str) -> str:
    """The definition of a directive for operations, given its arguments as SDL."""
    repeatable = " repeatable" if directive.is_repeatable else ""
    shown = f"({arguments})" if arguments else ""
    return f"{describe(directive.description)}directive @{directive.name}{shown}{repeatable} on {' | '.join(directive.locations)}"


def _used_directives(supergraph: Supergraph) -> Iterator[str]:
    yield from (applied.name for applied in supergraph.directives)
    for merged in supergraph.types.values():
        yield from (applied.name for directives in merged.elements() for applied in directives)
        yield from (joined.name for joined in merged.join_directives)
        yield from (joined.name for field in merged.fields.values() for joined in field.join_directives)
    for argument in supergraph.directive_arguments():
        yield from (applied.name for applied in argument.directives)


def _graph_enum(supergraph: Supergraph, graphs: Mapping[str, str]) -> str:
    values = (
        f"  {graphs[subgraph.name]} @join__graph(name: {_text(subgraph.name)}, url: {_text(subgraph.url)})"
        for subgraph in supergraph.subgraphs
    )
    return "enum join__Graph {\n" + "\n".join(values) + "\n}"


def _type(merged: MergedType, names: _Names) -> str:
    interfaces = merged.interfaces if merged.kind in {Kind.OBJECT, Kind.INTERFACE} else []
    head = f"{describe(merged.description)}{merged.kind.value} {merged.name}"
    if interfaces:
        head += f" implements {' & '.join(interfaces)}"
    lines = [
        *(
            f"@join__implements(graph: {names.graphs[graph]}, interface: {_text(name)})"
            for graph, name in merged.implements
        ),
        *(_join_type(join, names) for join in merged.joins),
        *(
            f"@join__unionMember(graph: {names.graphs[graph]}, member: {_text(member.name)})"
            for member in merged.members.values()
            for graph in member.graphs
        ),
        *(_join_directive(join, names) for join in merged.join_directives),
        *names.applied(merged.directives),
    ]
    text = "\n".join((head, *(f"  {line}" for line in lines)))
    body: Iterable[str]
    match merged.kind:
        case Kind.SCALAR:
            return text
        case Kind.UNION:
            return f"{text}\n = {' | '.join(merged.members)}"
        case Kind.ENUM:
            body = (_enum_value(value, names) for value in merged.values.values())
        case Kind.INPUT:
            body = (f"{describe(value.description, '  ')}  {_input(value, names)}" for value in merged.inputs.values())
        case Kind.OBJECT | Kind.INTERFACE:
            body = _fields(merged, names)
    return f"{text}\n{{\n" + "\n".join(body) + "\n}"


def _fields(merged: MergedType, names: _Names) -> Iterator[str]:
    for field in merged.fields.values():
        arguments = ""
        if any(argument.description for argument in field.arguments.values()):
            shown = (f"{describe(a.description, '    ')}    {_input(a, names)}" for a in field.arguments.values())
            arguments = "(\n" + "\n".join(shown) + "\n  )"
        elif field.arguments:
            arguments = f"({', '.join(_input(argument, names) for argument in field.arguments.values())})"
        directives = [
            *(_join_field(join, names) for join in field.joins),
            *(_join_directive(join, names) for join in field.join_directives),
            *names.applied(field.directives),
        ]
        yield f"{describe(field.description, '  ')}  {' '.join((f'{field.name}{arguments}: {field.type}', *directives))}"


def _input(value: MergedInput, names: _Names) -> str:
    default = f" = {value.default}" if value.default is not None else ""
    directives = [*(_join_field(join, names) for join in value.joins), *names.applied(value.directives)]
    return " ".join((f"{value.name}: {value.type}{default}", *directives))


def _enum_value(value: MergedValue, names: _Names) -> str:
    joins = (f"@join__enumValue(graph: {names.graphs[graph]})" for graph in value.graphs)
    return f"{describe(value.description, '  ')}  {' '.join((value.name, *joins, *names.applied(value.directives)))}"


def _join_type(join: JoinType, names: _Names) -> str:
    arguments = [("graph", names.graphs[join.graph])]
    if join.key is not None:
        arguments.append(("key", _text(join.key)))
    if join.is_extension:
        arguments.append(("extension", "true"))
    if not join.is_resolvable:
        arguments.append(("resolvable", "false"))
    if join.is_interface_object:
        arguments.append(("isInterfaceObject", "true"))
    return str(Applied("join__type", tuple(arguments)))


def _join_field(join: JoinField, names: _Names) -> str:
    arguments = [("graph", names.graphs[join.graph])] if join.graph is not None else []
    texts = (
        ("requires", join.requires),
        ("provides", join.provides),
        ("type", join.type),
        ("override", join.override),
        ("overrideLabel", join.override_label),
    )
    arguments.extend((name, _text(value)) for name, value in texts if value is not None)
    flags = (("external", join.is_external), ("usedOverridden", join.is_used_overridden))
    arguments.extend((name, "true") for name, value in flags if value)
    if join.context_arguments:
        shown = (
            f"{{context: {_text(a.context)}, name: {_text(a.name)}, type: {_text(a.type)}, selection: {_text(a.selection)}}}"
            for a in join.context_arguments
        )
        arguments.append(("contextArguments", f"[{', '.join(shown)}]"))
    return str(Applied("join__field", tuple(arguments)))


def _join_directive(join: JoinDirective, names: _Names) -> str:
    arguments = ", ".join(f"{name}: {value}" for name, value in join.arguments)
    given = (
        ("graphs", f"[{', '.join(names.graphs[graph] for graph in join.graphs)}]"),
        ("name", _text(f"federation__{join.name}")),
        ("args", f"{{{arguments}}}"),
    )
    return str(Applied("join__directive", given))


def _text(value: str) -> str:
    return print_ast(StringValueNode(value=value))
