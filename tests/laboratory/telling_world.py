"""A small world whose fields tell how they were asked; for operations that are written in different ways."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLResolveInfo, GraphQLSchema, build_schema, execute_sync, parse, validate

from tests.support.sdl import without_federation

Object = dict[str, Any]


@dataclass(slots=True)
class TellingWorld:
    """Subgraphs over the same objects, whose fields may be functions of their arguments.

    Attributes:
        sdl: by subgraph.
        objects: all entities; their key is ``id``.
        complaints: what subgraphs were sent that is not valid there.
    """

    sdl: dict[str, str]
    supergraph: str
    objects: list[Object]
    roots: Object
    labels: frozenset[str] = frozenset()
    complaints: list[str] = field(default_factory=list)

    def answer_merged(self, schema: GraphQLSchema, text: str, variables: Mapping[str, Any]) -> Any:
        """What one schema over all objects answers."""
        return execute_sync(
            schema,
            parse(text),
            root_value=self.roots,
            field_resolver=_resolve,
            type_resolver=lambda value, *_: value["__typename"],
            variable_values=dict(variables),
        ).formatted

    def subgraph(self, name: str) -> Callable[[Object], Any]:
        """The subgraph as a function from a request to a response."""
        schema = build_schema(without_federation(self.sdl[name]), assume_valid=True)

        def answer(request: Object) -> Any:
            errors = validate(schema, parse(request["query"]))
            self.complaints.extend(error.message for error in errors)
            return execute_sync(
                schema,
                parse(request["query"]),
                root_value={**self.roots, "_entities": self._entities},
                field_resolver=_resolve,
                type_resolver=lambda value, *_: value["__typename"],
                variable_values=request.get("variables"),
            ).formatted

        return answer

    def _entities(self, _info: object, representations: list[Object]) -> list[Object | None]:
        by_id = {each["id"]: each for each in self.objects}
        return [by_id.get(representation["id"]) for representation in representations]


def told(name: str) -> Callable[..., str]:
    """A field that tells its arguments."""
    return lambda _info, **arguments: f"{name} {json.dumps(arguments, sort_keys=True)}"


def _resolve(source: Object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    value = source[info.field_name]
    return value(info, **arguments) if callable(value) else value
