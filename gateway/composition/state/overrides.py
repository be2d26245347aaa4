"""Which fields `@override` takes from which subgraph.

An overridden field is no longer resolved where it came from. It stays in the supergraph's record of that subgraph only where a
key, a requirement or an interface there still names it, or while a label decides request by request.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#override
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from graphql import StringValueNode

from gateway.composition.model import DirectiveUse, FieldDefinition, SubgraphSchema, first


@dataclass(frozen=True, slots=True)
class Override:
    """A field taken over.

    Attributes:
        subgraph: that takes it.
        source: that loses it, as written; it may not exist.
        label: under which it moves; None moves it at once.
    """

    subgraph: str
    source: str
    label: str | None
    field: FieldDefinition
    use: DirectiveUse


@dataclass(frozen=True, slots=True)
class Overrides:
    """All overrides; keys are (subgraph, type, field).

    Attributes:
        declared: every `@override`, also of what is not there.
        taken_by: those whose source has the type; without their label where it does not have the field, since then there is
            nothing to choose.
        lost_to: those whose source has the field. Of several that take one field (they share it), one without a label, since
            the source then never resolves it.
    """

    declared: tuple[Override, ...]
    taken_by: Mapping[tuple[str, str, str], Override]
    lost_to: Mapping[tuple[str, str, str], Override]

    def is_overridden(self, subgraph: str, parent: str, field: str) -> bool:
        """Whether the subgraph never resolves the field any more."""
        override = self.lost_to.get((subgraph, parent, field))
        return override is not None and override.label is None


def closest_subgraph(name: str, subgraphs: Iterable[str]) -> str | None:
    """Return the subgraph that a name is likely to mean, which is no subgraph's: written otherwise, or misspelt."""
    known = tuple(subgraphs)
    same = (other for other in known if _letters(other) == _letters(name))
    return next(same, None) or next(iter(get_close_matches(name, known, n=1)), None)


def _letters(name: str) -> str:
    return re.sub(r"\W|_", "", name).casefold()


def find_overrides(schemas: Mapping[str, SubgraphSchema]) -> Overrides:
    """The overrides of all subgraphs."""
    declared: list[Override] = []
    taken: dict[tuple[str, str, str], Override] = {}
    lost: dict[tuple[str, str, str], Override] = {}
    for schema in schemas.values():
        for definition in schema.types.values():
            for field in definition.fields.values():
                use = first(field.directives, "override")
                if use is None:
                    continue
                source, label = use.arguments.get("from"), use.arguments.get("label")
                override = Override(
                    subgraph=schema.name,
                    source=source.value if isinstance(source, StringValueNode) else "",
                    label=label.value if isinstance(label, StringValueNode) else None,
                    field=field,
                    use=use,
                )
                declared.append(override)
                source_schema = schemas.get(override.source)
                there = source_schema.types.get(definition.name) if source_schema else None
                if there is None or override.source == schema.name:
                    continue
                if field.name in there.fields:
                    taken[schema.name, definition.name, field.name] = override
                    known = lost.get((override.source, definition.name, field.name))
                    if known is None or known.label is not None:
                        lost[override.source, definition.name, field.name] = override
                else:
                    taken[schema.name, definition.name, field.name] = replace(override, label=None)
    return Overrides(tuple(declared), taken, lost)
