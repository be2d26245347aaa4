"""How an argument names a context and what it takes from it: ``$name { field }``.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#fromcontext
"""

from gateway.composition.fieldsets import FieldSetSyntaxError, parse_field_set, print_field_set


def split_context(text: str) -> tuple[str | None, str]:
    """``$name { selection }`` as name and selection in one line; without a name if it does not begin with one.

    Several selections with type conditions, ``$name ... on A { x } ... on B { y }``, stay as they are.
    """
    stripped = text.strip()
    if not stripped.startswith("$"):
        return None, stripped
    end = 1
    while end < len(stripped) and (stripped[end].isalnum() or stripped[end] == "_"):
        end += 1
    name, selection = stripped[1:end], stripped[end:].strip()
    try:
        fields = parse_field_set(selection)
    except FieldSetSyntaxError:
        return name or None, selection
    return name or None, f"{{ {print_field_set(fields)} }}"
