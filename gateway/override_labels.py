"""The labels of `@override(from:, label:)`: a name, which settings switch on, or `percent(n)`, active for n in 100 requests.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#override
"""

import re

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_\-:./]*")
_PERCENT = re.compile(r"percent\((\d{1,2}(?:\.\d{1,8})?|100)\)")


def is_label(text: str) -> bool:
    """Whether a text is a label: a name, or a percentage from 0 to 100 with at most eight decimals."""
    return _NAME.fullmatch(text) is not None or percentage(text) is not None


def percentage(label: str) -> float | None:
    """Of 100 requests, for how many a label is active by itself; None where it is a name."""
    found = _PERCENT.fullmatch(label)
    return float(found.group(1)) if found else None
