"""How an argument names a context and what it takes from it: ``$name { field }``.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#fromcontext
"""

from gateway.composition.fieldsets import FieldSetSyntaxError, parse_field_set, print_field_set


def printed_selection(selection: str) -> str:
    """Return what is selected of a context in the form that supergraphs hold: one line, without comments."""
    try:
        return f"{{ {print_field_set(parse_field_set(selection))} }}"
    except FieldSetSyntaxError:
        return selection


def split_context(text: str) -> tuple[str | None, str]:
    """``$name { selection }`` as name and selection, both as written; without a name if it does not begin with one.

    Several selections with type conditions, ``$name ... on A { x } ... on B { y }``, stay as they are.
    """
    stripped = text.strip()
    if not stripped.startswith("$"):
        return None, stripped
    end = 1
    while end < len(stripped) and (stripped[end].isalnum() or stripped[end] == "_"):
        end += 1
    return stripped[1:end] or None, stripped[end:].strip()
