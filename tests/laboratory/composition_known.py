"""Where Apollo's composition (2.14) is known to judge otherwise: how each case shows, and how to write it so that both agree.

Each rewriting takes away the cause and leaves the rest of a set as it is, so that everything else in the set is still compared.
`tests/unit/gateway/composition/test_disagreements.py` holds what ours does of each, with the reason.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    REMOVE,
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    FieldDefinitionNode,
    GraphQLSyntaxError,
    Node,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    parse,
    print_ast,
    value_from_ast_untyped,
    visit,
)
from graphql.language import Visitor

from gateway.composition.errors import CompositionError
from gateway.composition.links import FEDERATION, Link, read_links
from gateway.composition.specs import is_core

KEPT = frozenset({"tag", "inaccessible", "authenticated", "requiresScopes", "policy", "cost", "listSize", "context"})
"""Directives of federation that a supergraph has under the subgraphs' name for them."""
Sets = Mapping[str, str]
Errors = Sequence[CompositionError]


@dataclass(frozen=True, slots=True)
class Known:
    """A difference that is Apollo's.

    Attributes:
        shows_as: What a line of the difference may begin with.
        rewrite: Makes of a set one on which both agree, given what ours reports of it.
    """

    shows_as: tuple[str, ...]
    rewrite: Callable[[Sets, Errors], dict[str, str]]

    def may_explain(self, difference: str) -> bool:
        """Whether a difference shows as this one."""
        return any(line.startswith(self.shows_as) for line in difference.split("\n"))


def in_words_of_both(subgraphs: Sets, difference: str, errors: Errors) -> Iterator[dict[str, str]]:
    """Yield the set without each known cause that a difference may have, then without all of them."""
    whole = dict(subgraphs)
    for known in KNOWN:
        if known.may_explain(difference):
            whole = known.rewrite(whole, errors)
            yield known.rewrite(subgraphs, errors)
    yield whole


def _each(rewrite: Callable[[str], str]) -> Callable[[Sets, Errors], dict[str, str]]:
    """Rewrite a set by rewriting each document."""
    return lambda subgraphs, _: {name: rewrite(sdl) for name, sdl in subgraphs.items()}


def _with_strings_for_field_sets(sdl: str) -> str:
    """Federation 1 takes lists and bare names for a field set; Apollo makes strings of them after it judged what is external."""
    sdl = re.sub(r"fields: \[([^\]\[]*)\]", _as_one_string, sdl)
    return re.sub(r"fields: (\w+)\)", r'fields: "\1")', sdl)


def _as_one_string(found: re.Match[str]) -> str:
    names = re.findall(r"\w+", found[1])
    return f'fields: "{" ".join(names)}"'


def _without_fragments_below_contexts(sdl: str) -> str:
    """Apollo takes the type of a fragment below a field of a context's selection for undefined."""
    return sdl.replace("{ n { ... on N { y } } }", "{ n { y } }")


def _without_uncomposed(sdl: str) -> str:
    """Apollo takes uses and the definition of a composed directive also from subgraphs that do not ask to compose it.

    The definition is that of the last subgraph that links the newest version, by name, whether or not it composes the directive.
    Uses are merged by their name, whatever specification the name is of in a subgraph.
    """
    composed = set(re.findall(r'omposeDirective\(name: "@(\w+)', sdl))
    links = [link for link in _links(sdl) if not is_core(link)]
    if not links:
        return sdl

    def is_dropped(node: DirectiveNode | DirectiveDefinitionNode) -> bool:
        name = node.name.value
        return name not in composed and any(link.element(f"@{name}") for link in links)

    return print_ast(visit(parse(sdl), _Dropping(is_dropped)))


class _Dropping(Visitor):
    """Drops definitions and uses of directives."""

    def __init__(self, is_dropped: Callable[[Any], bool]) -> None:
        super().__init__()
        self._is_dropped = is_dropped

    def enter_directive(self, node: DirectiveNode, *_: Any) -> Any:
        return REMOVE if self._is_dropped(node) else None

    def enter_directive_definition(self, node: DirectiveDefinitionNode, *_: Any) -> Any:
        return REMOVE if self._is_dropped(node) else None


def _with_own_names_for_what_is_not_kept(sdl: str) -> str:
    """Apollo keeps a use by its name, though it is @key that a subgraph calls @tag, where another has federation's @tag."""
    for link in _links(sdl):
        if link.identity == FEDERATION:
            for local, element in link.imports.items():
                if local != element and element.startswith("@") and element[1:] not in KEPT:
                    sdl = re.sub(rf'as: "{local}"', f'as: "{element}_here"', sdl)
                    sdl = re.sub(rf'(?<!"){local}\b', f"{element}_here", sdl)
    return sdl


def _without_further_arguments(sdl: str) -> str:
    """Apollo compares uses with all arguments that each subgraph's own definition has, and then names subgraphs without a use."""
    return re.sub(r"(?m)^directive @.*$", lambda found: re.sub(r", \w+: \w+( = \w+)?(?=[,)])", "", found[0]), sdl)


def _with_repeatable_definitions(sdl: str) -> str:
    """Apollo falls over a directive that a subgraph repeats by its own definition, and the composed definition does not let repeat."""
    return re.sub(r"(?m)^(directive @\w+(?:\([^)]*\))?) +on ", r"\1 repeatable on ", sdl)


def _without_costs_of_interface_objects(sdl: str) -> str:
    """Apollo reads its own supergraph again, and finds the cost of an interface object's field on an interface, which it refuses."""
    block = r"(?ms)^[^\n]*@\w*interfaceObject\b.*?^\}"
    return re.sub(block, lambda found: re.sub(r"@\w*(cost|price)\([^)]*\)", "", found[0]), sdl)


def _without_what_is_taken_twice(subgraphs: Sets, _: Errors) -> dict[str, str]:
    """Of a field that one subgraph takes at once and another under a label, Apollo goes by the last of the two subgraphs.

    The one takes it from its source whatever the label says, so the source is rewritten without it.
    """
    documents = {name: parse(sdl) for name, sdl in subgraphs.items()}
    taken = [override for document in documents.values() for override in _overrides(document)]
    at_once = {(source, place) for source, place, has_label in taken if not has_label}
    lost = at_once & {(source, place) for source, place, has_label in taken if has_label}
    return {
        name: print_ast(visit(document, _WithoutFields({place for source, place in lost if source == name})))
        for name, document in documents.items()
    }


def _overrides(document: DocumentNode) -> Iterator[tuple[str, tuple[str, str], bool]]:
    """(source, (type, field), whether it has a label) of each `@override`."""
    for node in document.definitions:
        if isinstance(node, ObjectTypeDefinitionNode):
            for field in node.fields or ():
                for directive in field.directives or ():
                    given = {a.name.value: value_from_ast_untyped(a.value) for a in directive.arguments or ()}
                    if directive.name.value == "override":
                        yield given["from"], (node.name.value, field.name.value), "label" in given


class _WithoutFields(Visitor):
    """Drops fields, by type and name."""

    def __init__(self, dropped: set[tuple[str, str]]) -> None:
        super().__init__()
        self._dropped = dropped

    def enter_field_definition(self, node: FieldDefinitionNode, *around: Any) -> Any:
        (*_, owner) = (each for each in around[3] if isinstance(each, Node))
        return REMOVE if (owner.name.value, node.name.value) in self._dropped else None  # type: ignore[attr-defined]


def _without_refused_definitions(subgraphs: Sets, errors: Errors) -> dict[str, str]:
    """We judge definitions of specifications first, Apollo last."""
    lines = {name: sdl.split("\n") for name, sdl in subgraphs.items()}
    for error in errors:
        if error.code in {"DIRECTIVE_DEFINITION_INVALID", "TYPE_DEFINITION_INVALID"}:
            for place in error.places:
                lines[place.subgraph][place.line - 1] = ""
    return {name: "\n".join(of_one) for name, of_one in lines.items()}


def _without_definitions_beside_refused_links(subgraphs: Sets, errors: Errors) -> dict[str, str]:
    """A document whose links cannot be read says nothing of what it defines; Apollo reads it on as one of federation 1."""
    codes = {"INVALID_LINK_DIRECTIVE_USAGE", "INVALID_LINK_IDENTIFIER"}
    refused = {place.subgraph for error in errors if error.code in codes for place in error.places}
    return {name: _without_definitions(sdl) if name in refused else sdl for name, sdl in subgraphs.items()}


def _without_definitions(sdl: str) -> str:
    """A document without definitions of what it imports, and of what specifications bring besides."""
    imported = "|".join(re.findall(r'"@?(\w+)"', sdl))
    return re.sub(rf"(?m)^(directive @|scalar |enum )((link|federation|fed)__\w+|{imported})\b.*$", "", sdl)


def _links(sdl: str) -> list[Link]:
    try:
        definitions: Iterable[Node] = parse(sdl).definitions
    except GraphQLSyntaxError:
        return []
    return read_links(node for node in definitions if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode))[0]


FALLS_OVER = "ours composes, Apollo falls over"
IN_RESULT = "ours composes, Apollo ['INVALID_GRAPHQL']"
OF_ARGUMENTS = "hint, theirs only: INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS"
KNOWN = (
    Known(("ours ",), _each(_with_strings_for_field_sets)),
    Known(("ours ",), _each(_without_fragments_below_contexts)),
    Known((IN_RESULT, FALLS_OVER, "ours only", "theirs only", "hint"), _each(_without_uncomposed)),
    Known((FALLS_OVER,), _each(_with_repeatable_definitions)),
    Known((FALLS_OVER,), _each(_without_costs_of_interface_objects)),
    Known((IN_RESULT,), _each(_with_own_names_for_what_is_not_kept)),
    Known((OF_ARGUMENTS,), _each(_without_further_arguments)),
    Known(("theirs only: ('join__field'",), _without_what_is_taken_twice),
    Known(("ours ['",), _without_refused_definitions),
    Known(("ours ['",), _without_definitions_beside_refused_links),
)
