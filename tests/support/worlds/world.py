"""A world: its subgraphs, which answer from the same objects, and the one schema over all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from tests.support.sdl import without_federation
from tests.support.worlds.model import Object


@dataclass(slots=True)
class World:
    """A schema with its split and its data.

    Attributes:
        sdl: by subgraph.
        objects: by type, all objects.
    """

    sdl: dict[str, str]
    supergraph: str
    objects: dict[str, list[Object]]
    roots: dict[str, Any]
    required: dict[tuple[str, str], list[str]]
    schemas: dict[str, GraphQLSchema] = field(default_factory=dict)

    def answer_merged(self, schema: GraphQLSchema, text: str, variables: Mapping[str, Any]) -> Any:
        """What one schema over all data answers."""
        return execute_sync(
            schema,
            parse(text),
            root_value=self.roots,
            field_resolver=self._resolve_whole,
            type_resolver=lambda value, *_: value["__typename"],
            variable_values=dict(variables),
        ).formatted

    def subgraph(self, name: str) -> Any:
        """The subgraph as a function from a request to a response; documents that are not valid there are refused."""

        def answer(request: Object) -> Any:
            schema = self._schema(name)
            document = parse(request["query"])
            errors = validate(schema, document)
            if errors:
                raise AssertionError(f"{name} was sent {request['query']}: {[error.message for error in errors]}")
            return execute_sync(
                schema,
                document,
                root_value={
                    **self.roots,
                    "_entities": lambda _info, representations: self._entities(name, representations),
                },
                field_resolver=self._resolve_part,
                type_resolver=lambda value, info, abstract: (
                    value["__as"].get(abstract.name, value["__typename"]) if "__as" in value else value["__typename"]
                ),
                variable_values=request.get("variables"),
            ).formatted

        return answer

    def _schema(self, name: str) -> GraphQLSchema:
        if name not in self.schemas:
            self.schemas[name] = build_schema(without_federation(self.sdl[name]), assume_valid=True)
        return self.schemas[name]

    def _entities(self, name: str, representations: list[Object]) -> list[Object | None]:
        found: list[Object | None] = []
        schema = self._schema(name)
        for representation in representations:
            type_name = representation["__typename"]
            known = schema.get_type(type_name)
            keys = [key for key in ("id", "code") if key in representation]
            if not keys:
                raise AssertionError(f"a representation without a key: {representation}")
            candidates = [
                each
                for typed in self.objects.values()
                for each in typed
                if all(each.get(key) == representation[key] for key in keys)
            ]
            entity = candidates[0] if candidates else None
            if entity is not None and isinstance(known, GraphQLObjectType) and "__typename" in entity:
                entity = {**entity, "__sent": representation, "__as": {"_Entity": type_name}}
            elif entity is not None:
                entity = {**entity, "__sent": representation}
            found.append(entity)
        return found

    def _resolve_part(self, source: Object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        """A field in a subgraph: one with a requirement is made of what was sent, nothing else."""
        required = self.required.get((source.get("__typename", ""), info.field_name))
        if required is not None:
            sent = source.get("__sent", {})
            missing = [name for name in required if name.split()[0] not in sent]
            if missing:
                raise AssertionError(f"{info.field_name} was asked without {missing}")
            return made_of(required, sent)
        return self._resolve_whole(source, info, **arguments)

    @staticmethod
    def _resolve_whole(source: Object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        value = source[info.field_name]
        if callable(value):
            return value(info, **arguments)
        if "number" in arguments:
            return f"{value}#{arguments['number']}"
        return value


def made_of(required: list[str], source: Mapping[str, Any]) -> str:
    """The value of a field with a requirement, which names fields, or fields with the ``id`` of their object."""
    parts: list[str] = []
    for name in required:
        found = source[name.split()[0]]
        parts.append(str(found["id"] if isinstance(found, dict) else found))
    return "+".join(parts)
