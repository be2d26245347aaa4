"""Texts with variables, rendered in a sandbox; and the texts that the market starts with.

A text is a Jinja template that may use its variables and nothing of Python. A variable that is missing is an error, never a hole.
The PUSH text is also what the app's inbox shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from subgraphs.kit.runtime.refusals import InvalidInput

MAX_TEXT_CHARACTERS = 20_000
FALLBACK_LOCALE = "en"

_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A template's text; `subject` is an e-mail's subject or an inbox's title."""

    subject: str | None
    body: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text with its variables filled in; `missing` names those that were not given, and then the text shows them in braces."""

    subject: str | None
    body: str
    missing: tuple[str, ...]


def check_text(text: Text) -> Text:
    """The text, if it is a template.

    Raises:
        InvalidInput: when it is empty, longer than 20,000 characters, or not well formed.
    """
    for name, part in (("subject", text.subject), ("body", text.body)):
        if part is None:
            continue
        if not 1 <= len(part) <= MAX_TEXT_CHARACTERS:
            raise InvalidInput(f"A {name} has 1 to {MAX_TEXT_CHARACTERS} characters", "input", name)
        try:
            _environment.parse(part)
        except TemplateError as error:
            raise InvalidInput(f"The {name} is not a template: {error}", "input", name) from error
    return text


def render(text: Text, variables: Mapping[str, Any]) -> Rendered:
    """The text with the variables filled in.

    Raises:
        InvalidInput: when the template asks for what the sandbox refuses.
    """
    missing = sorted(_wanted(text) - variables.keys())
    given = {**{name: f"{{{name}}}" for name in missing}, **variables}
    try:
        subject = _environment.from_string(text.subject).render(given) if text.subject is not None else None
        return Rendered(subject, _environment.from_string(text.body).render(given), tuple(missing))
    except TemplateError as error:
        raise InvalidInput(f"The template cannot be rendered: {error}", "input", "body") from error


def _wanted(text: Text) -> set[str]:
    parts = [part for part in (text.subject, text.body) if part is not None]
    return set().union(*(meta.find_undeclared_variables(_environment.parse(part)) for part in parts))


_SIGNED = "\n\nYarmarka"

STARTING_TEXTS: Mapping[tuple[str, str], Text] = {
    ("order.placed", "PUSH"): Text("Order {{ order_number }} is placed", "It waits for your payment."),
    ("order.placed", "EMAIL"): Text(
        "Your order {{ order_number }}",
        "Hello {{ name }},\n\nwe have your order {{ order_number }} and hold its things for you until it is paid."
        + _SIGNED,
    ),
    ("order.paid", "PUSH"): Text("Order {{ order_number }} is paid", "The sellers are packing it."),
    ("order.paid", "EMAIL"): Text(
        "We received your payment for {{ order_number }}",
        "Hello {{ name }},\n\nyour order {{ order_number }} is paid. You hear from us when it is on its way." + _SIGNED,
    ),
    ("order.shipped", "PUSH"): Text("Order {{ order_number }} is on its way", "It left its seller."),
    ("order.shipped", "EMAIL"): Text(
        "{{ order_number }} is on its way",
        "Hello {{ name }},\n\nyour order {{ order_number }} has left its seller." + _SIGNED,
    ),
    ("order.delivered", "PUSH"): Text("Order {{ order_number }} has arrived", "Enjoy it."),
    ("order.delivered", "EMAIL"): Text(
        "{{ order_number }} has arrived", "Hello {{ name }},\n\nyour order {{ order_number }} was delivered." + _SIGNED
    ),
    ("order.cancelled", "PUSH"): Text("Order {{ order_number }} is cancelled", "You owe nothing for it."),
    ("order.cancelled", "EMAIL"): Text(
        "{{ order_number }} is cancelled",
        "Hello {{ name }},\n\nyour order {{ order_number }} is cancelled. What you paid comes back to you." + _SIGNED,
    ),
    ("order.expired", "PUSH"): Text("Order {{ order_number }} has expired", "It was not paid in time."),
    ("order.expired", "EMAIL"): Text(
        "{{ order_number }} has expired",
        "Hello {{ name }},\n\nyour order {{ order_number }} was not paid in time, and its things are for sale again."
        + _SIGNED,
    ),
    ("order.refunded", "PUSH"): Text("Order {{ order_number }} is refunded", "The money is on its way back."),
    ("order.refunded", "EMAIL"): Text(
        "The refund of {{ order_number }}",
        "Hello {{ name }},\n\nwe sent back what you paid for {{ order_number }}." + _SIGNED,
    ),
}
"""By key and channel, in English."""
