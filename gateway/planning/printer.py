"""Plans as people read them, and as JSON.

Levels of the plan are printed as a Sequence, fetches of one level as Parallel; execution knows no levels, so each fetch names those
that it waits for. An entity fetch shows for each of its groups the places, what is sent, and what is asked.

    QueryPlan {
      Sequence {
        Fetch(id: 0, service: "products") {
          {
            topProducts { upc }
          }
        },
        Fetch(id: 1, service: "stock", after: [0]) {
          Flatten(path: "topProducts.@") {
            {
              ... on Product { __typename upc }
            } => {
              ... on Product { inStock }
            }
          },
        },
      },
    }
"""

from collections.abc import Iterator
from typing import Any

from gateway.planning.plan import (
    EntityGroup,
    Fetch,
    FetchedFragment,
    FetchedSelection,
    GroupContext,
    Path,
    Plan,
    Representation,
    RepresentationField,
)

_INDENT = "  "


def print_plan(plan: Plan) -> str:
    """The plan as indented text, ending with a newline."""
    lines = ["QueryPlan {"]
    levels = _levels(plan)
    depth = 1
    if len(levels) > 1:
        lines.append(f"{_INDENT}Sequence {{")
        depth = 2
    for level in levels:
        if len(level) > 1:
            lines.append(f"{_INDENT * depth}Parallel {{")
            for fetch in level:
                lines.extend(_fetch(fetch, plan, depth + 1))
            lines.append(f"{_INDENT * depth}}},")
        else:
            lines.extend(_fetch(level[0], plan, depth))
    if len(levels) > 1:
        lines.append(f"{_INDENT}}},")
    lines.append("}")
    return "\n".join(lines) + "\n"


def _levels(plan: Plan) -> list[list[Fetch]]:
    """The fetches by how many must be done one after the other before them."""
    level_of: list[int] = []
    levels: list[list[Fetch]] = []
    for fetch in plan.fetches:
        level = 1 + max((level_of[before] for before in fetch.depends_on), default=-1)
        level_of.append(level)
        while len(levels) <= level:
            levels.append([])
        levels[level].append(fetch)
    return levels


def _fetch(fetch: Fetch, plan: Plan, depth: int) -> Iterator[str]:
    indent = _INDENT * depth
    facts = [f"id: {fetch.id}", f'service: "{fetch.service}"']
    if fetch.kind is not plan.kind or fetch.id == 0 or fetch.root_path:
        facts += [f"kind: {fetch.kind.value}"] if fetch.kind.value != "query" else []
    if fetch.root_path:
        facts.append(f'path: "{print_path(fetch.root_path)}"')
    if fetch.depends_on:
        facts.append(f"after: [{', '.join(map(str, fetch.depends_on))}]")
    yield f"{indent}Fetch({', '.join(facts)}) {{"
    if fetch.groups:
        for group in fetch.groups:
            yield from _group(group, depth + 1)
    else:
        yield f"{indent}{_INDENT}{{"
        yield from _selections(fetch.selections, depth + 2)
        yield f"{indent}{_INDENT}}}"
    yield f"{indent}}},"


def _group(group: EntityGroup, depth: int) -> Iterator[str]:
    indent = _INDENT * depth
    if len(group.targets) == 1:
        yield f'{indent}Flatten(path: "{print_path(group.targets[0])}") {{'
    else:
        yield f"{indent}Flatten("
        for target in group.targets:
            yield f'{indent}{_INDENT}path: "{print_path(target)}"'
        yield f"{indent}) {{"
    yield f"{indent}{_INDENT}{{"
    for representation in group.representations:
        yield f"{indent}{_INDENT * 2}{_representation(representation)}"
    for context in group.contexts:
        yield f"{indent}{_INDENT * 2}{_context(context)}"
    yield f"{indent}{_INDENT}}} => {{"
    yield from _selections(group.selections, depth + 2)
    yield f"{indent}{_INDENT}}}"
    yield f"{indent}}},"


def _representation(representation: Representation) -> str:
    types = "|".join(sorted(representation.types)) if representation.types is not None else ""
    typename = representation.typename or "the object's type"
    meant = f" for {types}" if types not in {"", typename} else ""
    fields = " ".join(_represented(field) for field in representation.fields)
    return f"... on {typename}{meant} {{ __typename {fields} }}"


def _context(context: GroupContext) -> str:
    """The variable, and the values that it can have: ``../`` is the object around."""
    origins: list[str] = []
    for origin in context.origins:
        types = f"|[{','.join(sorted(origin.types))}] " if origin.types is not None else ""
        origins.append(f"{'../' * origin.levels}{types}{_represented(origin.value)}")
    return f"${context.variable}: {context.type} = {' or '.join(origins)}"


def _represented(field: RepresentationField) -> str:
    source = "" if field.source == field.name else f" (from {field.source})"
    if not field.branches:
        return f"{field.name}{source}"
    parts = []
    for branch in field.branches:
        inside = " ".join(_represented(inner) for inner in branch.fields)
        inside = f"__typename {inside}" if branch.typename else inside
        types = f"... on {'|'.join(sorted(branch.types))} {{ {inside} }}" if branch.types is not None else inside
        parts.append(types)
    return f"{field.name}{source} {{ {' '.join(parts)} }}"


def _selections(selections: tuple[FetchedSelection, ...], depth: int) -> Iterator[str]:
    indent = _INDENT * depth
    for selection in selections:
        head = _head(selection)
        if selection.selections:
            yield f"{indent}{head} {{"
            yield from _selections(selection.selections, depth + 1)
            yield f"{indent}}}"
        else:
            yield f"{indent}{head}"


def _head(field: FetchedSelection) -> str:
    if isinstance(field, FetchedFragment):
        return f"... on {field.type_condition}"
    alias = "" if field.response_name == field.name else f"{field.response_name}: "
    given = ", ".join(f"{name}: {value}" for name, value in field.arguments)
    renamed = "" if field.key == field.response_name else f"  # as {field.key}"
    return f"{alias}{field.name}{f'({given})' if given else ''}{renamed}"


def print_path(path: Path) -> str:
    """The path in dots, ``@`` for a list and ``|[Book]`` for the types to go on with: ``feed.@|[Book,Film].author``."""
    parts: list[str] = []
    for step in path:
        types = f"|[{','.join(sorted(step.types))}]" if step.types is not None else ""
        lists = ".@" * step.list_depth
        parts.append(f"{step.key}{lists}{types}")
    return ".".join(parts)


def plan_as_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON-able values, for ``extensions.queryPlan`` and ``plan --format json``."""
    return {
        "kind": plan.kind.value,
        "depth": plan.depth(),
        "fetches": [_fetch_as_json(fetch) for fetch in plan.fetches],
        "text": print_plan(plan),
    }


def _fetch_as_json(fetch: Fetch) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": fetch.id,
        "service": fetch.service,
        "kind": fetch.kind.value,
        "dependsOn": list(fetch.depends_on),
        "document": fetch.document,
        "variables": list(fetch.variables),
    }
    if fetch.root_path:
        shown["path"] = print_path(fetch.root_path)
    if fetch.groups:
        shown["groups"] = [
            {
                "alias": group.alias,
                "variable": group.variable,
                "paths": [print_path(target) for target in group.targets],
                "representations": [_representation(representation) for representation in group.representations],
                **({"contexts": [_context(context) for context in group.contexts]} if group.contexts else {}),
            }
            for group in fetch.groups
        ]
    return shown
