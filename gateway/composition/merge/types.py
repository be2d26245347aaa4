"""The supergraph's types, each from all the subgraphs that have it.

Objects and interfaces: every field that any subgraph has. Unions: every member. Input types: the fields that all have. Enums: by
use; those that only come out have the values of all, those that only go in the values that all have, and those that do both must
be equal everywhere.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/composition
"""

from collections.abc import Mapping

from gateway.composition.errors import HintLevel, quoted
from gateway.composition.fieldsets import print_field_set
from gateway.composition.merge.descriptions import merge_descriptions
from gateway.composition.merge.directives import merge_directives
from gateway.composition.merge.fields import merge_field
from gateway.composition.merge.inputs import merge_input_type
from gateway.composition.merge.join_directives import merge_join_directives
from gateway.composition.merged_model import JoinType, MergedType, MergedValue
from gateway.composition.model import EnumValue, Kind, TypeDefinition, has
from gateway.composition.rules.merging import empty_merged_enum_type, enum_value_mismatch, type_kind_mismatch
from gateway.composition.state.composed import ComposedDirectives
from gateway.composition.state.merge_context import MergeContext


def declare_type(context: MergeContext, name: str) -> MergedType | None:
    """The type without its fields: its kind, who has it, what it implements. None if subgraphs disagree on the kind."""
    sources = context.sources(name)
    interface_objects = {s for s, source in sources.items() if has(source.directives, "interfaceObject")}
    kinds = {s: Kind.INTERFACE if s in interface_objects else source.kind for s, source in sources.items()}
    if len(set(kinds.values())) > 1:
        type_kind_mismatch.report(context, name, sources)
        return None
    merged = MergedType(kind=next(iter(kinds.values())), name=name)
    for subgraph, source in sources.items():
        merged.joins.extend(_joins(context, subgraph, source))
        merged.implements.extend((subgraph, interface) for interface in source.interfaces)
        for member in source.members:
            merged.members.setdefault(member, MergedValue(member)).graphs.append(subgraph)
    return merged


def fill_type(context: MergeContext, composed: ComposedDirectives, merged: MergedType) -> None:
    """Merges what the type holds, its description and its directives."""
    sources = context.sources(merged.name)
    merged.description = merge_descriptions(
        context,
        merged.name,
        {s: source.description for s, source in sources.items()},
        {s: source.node for s, source in sources.items()},
    )
    merged.directives = merge_directives(context, composed, merged.name, {s: d.directives for s, d in sources.items()})
    merged.join_directives = merge_join_directives({s: d.directives for s, d in sources.items()})
    match merged.kind:
        case Kind.OBJECT | Kind.INTERFACE:
            for name in dict.fromkeys(name for source in sources.values() for name in source.fields):
                fields = {s: source.fields[name] for s, source in sources.items() if name in source.fields}
                field = merge_field(context, composed, sources, fields)
                if field is not None:
                    merged.fields[name] = field
        case Kind.INPUT:
            merge_input_type(context, composed, merged, sources)
        case Kind.ENUM:
            _merge_enum(context, composed, merged, sources)
        case Kind.UNION:
            merged.members = dict(sorted(merged.members.items()))
        case Kind.SCALAR:
            pass


def _joins(context: MergeContext, subgraph: str, source: TypeDefinition) -> list[JoinType]:
    is_extension = source.is_extension and source.is_composite and not source.members
    if context.schemas[subgraph].is_fed1:
        is_extension = has(source.directives, "extends")
    is_interface_object = has(source.directives, "interfaceObject")
    keys = context.analyses[subgraph].keys.get(source.name, ())
    if not keys:
        return [JoinType(subgraph, is_interface_object=is_interface_object)]
    return [
        JoinType(
            graph=subgraph,
            key=print_field_set(key.fields),
            is_extension=is_extension,
            is_resolvable=key.is_resolvable,
            is_interface_object=is_interface_object,
        )
        for key in keys
    ]


def _merge_enum(
    context: MergeContext, composed: ComposedDirectives, merged: MergedType, sources: Mapping[str, TypeDefinition]
) -> None:
    goes_in, comes_out = merged.name in context.input_types, merged.name in context.output_types
    for name in dict.fromkeys(name for source in sources.values() for name in source.values):
        values = {s: source.values[name] for s, source in sources.items() if name in source.values}
        value = _merge_value(context, composed, merged.name, values)
        without = [s for s in sources if s not in values]
        is_inaccessible = any(applied.name == "inaccessible" for applied in value.directives)
        if without and goes_in and comes_out and not is_inaccessible:
            enum_value_mismatch.report(context, merged.name, values, {s: sources[s] for s in without})
        elif without and goes_in and not comes_out:
            code = "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM"
            _hint_missing(
                context, code, HintLevel.WARN, coordinate=f"{merged.name}.{name}", values=values, without=without
            )
            if not is_inaccessible:
                continue
        elif without and not is_inaccessible:
            code = "INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM"
            _hint_missing(
                context, code, HintLevel.DEBUG, coordinate=f"{merged.name}.{name}", values=values, without=without
            )
        merged.values[name] = value
    if not goes_in and not comes_out:
        context.hint(
            "UNUSED_ENUM_TYPE",
            HintLevel.DEBUG,
            f'The enum "{merged.name}" is used nowhere; it is merged as if it only came out.',
            (context.place(s, source.node) for s, source in sources.items()),
        )
    if not merged.values:
        empty_merged_enum_type.report(context, merged.name, sources)


def _hint_missing(
    context: MergeContext,
    code: str,
    level: HintLevel,
    *,
    coordinate: str,
    values: Mapping[str, EnumValue],
    without: list[str],
) -> None:
    places = (context.place(subgraph, value.node) for subgraph, value in values.items())
    context.hint(code, level, f'The enum value "{coordinate}" is not in {quoted(without)}.', places)


def _merge_value(
    context: MergeContext, composed: ComposedDirectives, enum: str, values: Mapping[str, EnumValue]
) -> MergedValue:
    name = next(iter(values.values())).name
    coordinate = f"{enum}.{name}"
    return MergedValue(
        name=name,
        graphs=list(values),
        description=merge_descriptions(
            context, coordinate, {s: v.description for s, v in values.items()}, {s: v.node for s, v in values.items()}
        ),
        directives=merge_directives(context, composed, coordinate, {s: v.directives for s, v in values.items()}),
    )
