"""@authenticated, @requiresScopes and @inaccessible as rules that the subgraph itself keeps, whatever the gateway does.

The directive on a field is the rule: when the schema is built each field that bears one gets its check, so that none can be forgotten.
A root field that is @inaccessible is for services alone.
"""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLError, GraphQLField, GraphQLObjectType, GraphQLSchema
from strawberry.federation.schema_directives import Authenticated, Inaccessible, RequiresScopes
from strawberry.schema.schema_converter import GraphQLCoreConverter

from subgraphs.kit.runtime.identity import Identity

Rule = Callable[[Identity], None]

_ROOTS = ("Query", "Mutation", "Subscription")


def _denied(code: str, message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


def _must_be_signed_in(identity: Identity) -> None:
    if not identity.is_authenticated:
        raise _denied("UNAUTHENTICATED", "Sign in first")


def _must_be_a_service(identity: Identity) -> None:
    if not identity.is_service:
        raise _denied("FORBIDDEN", "This field is for services")


def _must_have(scopes: list[list[str]]) -> Rule:
    def rule(identity: Identity) -> None:
        if not identity.has_scopes(scopes):
            code = "FORBIDDEN" if identity.is_authenticated else "UNAUTHENTICATED"
            raise _denied(code, "The required scopes are missing")

    return rule


def rules_of(directives: list[object], *, is_root: bool) -> list[Rule]:
    """The rules that a field's directives state."""
    rules: list[Rule] = []
    for directive in directives:
        match directive:
            case Authenticated():
                rules.append(_must_be_signed_in)
            case RequiresScopes(scopes=scopes):
                rules.append(_must_have(scopes))
            case Inaccessible() if is_root:
                rules.append(_must_be_a_service)
            case _:
                pass
    return rules


def guard(schema: GraphQLSchema) -> int:
    """Put the checks before the resolvers of all guarded fields; how many fields have one."""
    guarded = 0
    for type_ in schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        for field in type_.fields.values():
            definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
            rules = rules_of(list(getattr(definition, "directives", None) or []), is_root=type_.name in _ROOTS)
            if rules:
                _put_before(field, rules)
                guarded += 1
    return guarded


def _put_before(field: GraphQLField, rules: list[Rule]) -> None:
    # A subscription is checked when it starts; its events then pass through the plain resolver.
    attribute = "subscribe" if field.subscribe is not None else "resolve"
    inner = getattr(field, attribute)

    def checked(source: Any, info: Any, **arguments: Any) -> Any:
        for rule in rules:
            rule(info.context.identity)
        return inner(source, info, **arguments)

    setattr(field, attribute, checked)
