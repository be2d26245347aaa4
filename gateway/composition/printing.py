"""The supergraph as SDL: link v1.0, join v0.5, and only those other specifications that it uses.

Everything is in a fixed order (types and subgraphs by name, fields as the first subgraph by name has them), so that the same
subgraphs always give the same text.

Source: https://specs.apollo.dev/join/v0.3/ and https://specs.apollo.dev/link/v1.0/
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from graphql import StringValueNode, print_ast

from gateway.composition.merged import Applied, JoinField, JoinType, MergedInput, MergedType, MergedValue, Supergraph
from gateway.composition.model import Kind, SubgraphSchema
from gateway.composition.specs import DIRECTIVES

_NOT_A_NAME = re.compile(r"\W")
_NUMBERED = re.compile(r"_\d+$")


@dataclass(frozen=True, slots=True)
class _Feature:
    """A specification whose directives a supergraph may carry.

    Attributes:
        scalar: that its arguments need, or None.
    """

    url: str
    purpose: str | None
    directives: tuple[str, ...]
    scalar: str | None = None


_FEATURES = (
    _Feature("https://specs.apollo.dev/tag/v0.3", None, ("tag",)),
    _Feature("https://specs.apollo.dev/inaccessible/v0.2", "SECURITY", ("inaccessible",)),
    _Feature("https://specs.apollo.dev/authenticated/v0.1", "SECURITY", ("authenticated",)),
    _Feature("https://specs.apollo.dev/requiresScopes/v0.1", "SECURITY", ("requiresScopes",), "requiresScopes__Scope"),
    _Feature("https://specs.apollo.dev/policy/v0.1", "SECURITY", ("policy",), "policy__Policy"),
    _Feature("https://specs.apollo.dev/context/v0.1", "SECURITY", ("context",), "context__ContextFieldValue"),
    _Feature("https://specs.apollo.dev/cost/v0.1", None, ("cost", "listSize")),
)
_SCALARS = {"Scope": "requiresScopes__Scope", "Policy": "policy__Policy", "FieldSet": "join__FieldSet"}
_SCALARS["ContextFieldValue"] = "context__ContextFieldValue"

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


def print_supergraph(supergraph: Supergraph) -> str:
    """The supergraph's SDL, ending with a newline."""
    graphs = graph_names(supergraph.subgraphs)
    used = set(_used_directives(supergraph))
    features = [feature for feature in _FEATURES if used.intersection(feature.directives)]
    parts = [
        _schema(supergraph, features, used),
        *_definitions(supergraph, features, used),
        *(f"scalar {feature.scalar}" for feature in features if feature.scalar),
        *_PLUMBING,
        _graph_enum(supergraph, graphs),
        *(_type(merged, graphs) for merged in supergraph.types.values()),
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


def _schema(supergraph: Supergraph, features: list[_Feature], used: set[str]) -> str:
    links = [
        '@link(url: "https://specs.apollo.dev/link/v1.0")',
        '@link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)',
    ]
    for feature in features:
        imported = [name for name in feature.directives[1:] if name in used]
        imports = f", import: [{', '.join(_text(f'@{name}') for name in imported)}]" if imported else ""
        purpose = f", for: {feature.purpose}" if feature.purpose else ""
        links.append(f'@link(url: "{feature.url}"{imports}{purpose})')
    for composed in supergraph.features:
        names = (
            _text(local) if local == element else f"{{name: {_text(element)}, as: {_text(local)}}}"
            for local, element in composed.imports
        )
        links.append(f"@link(url: {_text(composed.url)}, import: [{', '.join(names)}])")
    links.extend(str(applied) for applied in supergraph.directives)
    roots = [
        f"  {operation}: {name}"
        for operation, name in (("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription"))
        if name in supergraph.types
    ]
    head = "\n".join(("schema", *(f"  {link}" for link in links)))
    return f"{describe(supergraph.description)}{head}\n{{\n" + "\n".join(roots) + "\n}"


def _definitions(supergraph: Supergraph, features: list[_Feature], used: set[str]) -> list[str]:
    definitions = {text.split("@", 1)[1].split("(", 1)[0]: text for text in (_LINK, *_JOIN)}
    for feature in features:
        for name in feature.directives:
            if name in used:
                definition = DIRECTIVES[name].definition.format(**_SCALARS)
                definitions[name] = f"directive @{name}{'' if definition.startswith('(') else ' '}{definition}"
    for composed in supergraph.features:
        definitions.update(composed.definitions)
    return [definitions[name] for name in sorted(definitions)]


def _used_directives(supergraph: Supergraph) -> Iterator[str]:
    yield from (applied.name for applied in supergraph.directives)
    for merged in supergraph.types.values():
        yield from (applied.name for applied in merged.directives)
        for value in merged.values.values():
            yield from (applied.name for applied in value.directives)
        for field in merged.fields.values():
            yield from (applied.name for applied in field.directives)
            for argument in field.arguments.values():
                yield from (applied.name for applied in argument.directives)
        for given in merged.inputs.values():
            yield from (applied.name for applied in given.directives)


def _graph_enum(supergraph: Supergraph, graphs: Mapping[str, str]) -> str:
    values = (
        f"  {graphs[subgraph.name]} @join__graph(name: {_text(subgraph.name)}, url: {_text(subgraph.url)})"
        for subgraph in supergraph.subgraphs
    )
    return "enum join__Graph {\n" + "\n".join(values) + "\n}"


def _type(merged: MergedType, graphs: Mapping[str, str]) -> str:
    interfaces = merged.interfaces if merged.kind in {Kind.OBJECT, Kind.INTERFACE} else []
    head = f"{describe(merged.description)}{merged.kind.value} {merged.name}"
    if interfaces:
        head += f" implements {' & '.join(interfaces)}"
    lines = [
        *(f"@join__implements(graph: {graphs[graph]}, interface: {_text(name)})" for graph, name in merged.implements),
        *(_join_type(join, graphs) for join in merged.joins),
        *(
            f"@join__unionMember(graph: {graphs[graph]}, member: {_text(member.name)})"
            for member in merged.members.values()
            for graph in member.graphs
        ),
        *map(str, merged.directives),
    ]
    text = "\n".join((head, *(f"  {line}" for line in lines)))
    body: Iterable[str]
    match merged.kind:
        case Kind.SCALAR:
            return text
        case Kind.UNION:
            return f"{text}\n = {' | '.join(merged.members)}"
        case Kind.ENUM:
            body = (_enum_value(value, graphs) for value in merged.values.values())
        case Kind.INPUT:
            body = (f"{describe(value.description, '  ')}  {_input(value, graphs)}" for value in merged.inputs.values())
        case Kind.OBJECT | Kind.INTERFACE:
            body = _fields(merged, graphs)
    return f"{text}\n{{\n" + "\n".join(body) + "\n}"


def _fields(merged: MergedType, graphs: Mapping[str, str]) -> Iterator[str]:
    for field in merged.fields.values():
        arguments = ""
        if any(argument.description for argument in field.arguments.values()):
            shown = (f"{describe(a.description, '    ')}    {_input(a, graphs)}" for a in field.arguments.values())
            arguments = "(\n" + "\n".join(shown) + "\n  )"
        elif field.arguments:
            arguments = f"({', '.join(_input(argument, graphs) for argument in field.arguments.values())})"
        directives = [*(_join_field(join, graphs) for join in field.joins), *map(str, field.directives)]
        yield f"{describe(field.description, '  ')}  {' '.join((f'{field.name}{arguments}: {field.type}', *directives))}"


def _input(value: MergedInput, graphs: Mapping[str, str]) -> str:
    default = f" = {value.default}" if value.default is not None else ""
    directives = [*(_join_field(join, graphs) for join in value.joins), *map(str, value.directives)]
    return " ".join((f"{value.name}: {value.type}{default}", *directives))


def _enum_value(value: MergedValue, graphs: Mapping[str, str]) -> str:
    joins = (f"@join__enumValue(graph: {graphs[graph]})" for graph in value.graphs)
    return f"{describe(value.description, '  ')}  {' '.join((value.name, *joins, *map(str, value.directives)))}"


def _join_type(join: JoinType, graphs: Mapping[str, str]) -> str:
    arguments = [("graph", graphs[join.graph])]
    if join.key is not None:
        arguments.append(("key", _text(join.key)))
    if join.is_extension:
        arguments.append(("extension", "true"))
    if not join.is_resolvable:
        arguments.append(("resolvable", "false"))
    if join.is_interface_object:
        arguments.append(("isInterfaceObject", "true"))
    return str(Applied("join__type", tuple(arguments)))


def _join_field(join: JoinField, graphs: Mapping[str, str]) -> str:
    arguments = [("graph", graphs[join.graph])] if join.graph is not None else []
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


def _text(value: str) -> str:
    return print_ast(StringValueNode(value=value))
