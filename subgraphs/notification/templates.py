"""Texts with variables, rendered in a sandbox; and the texts that the market starts with.

A text is a Jinja template of variables, conditions, one level of loops and a few filters. It has no arithmetic, calls or assignments, so a
rendering ends after a number of steps bounded by the text and its data, and its length is bounded as well. A text is rendered with
sample data before it is saved. A variable that is missing is an error, never a hole. The PUSH text is also what the app's inbox shows.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.notification.model import (
    BODY,
    MAX_RENDERED_CHARACTERS,
    STATUS_TEMPLATES,
    SUBJECT,
    TITLE,
    VERIFY_EMAIL,
    Channel,
)

MAX_TEXT_CHARACTERS = BODY.most
MAX_NESTING = 20
MAX_CACHED_TEMPLATES = 500
FALLBACK_LOCALE = "en"

_RECIPIENT: Mapping[str, Any] = {"name": "Anna \u0410\u043d\u043d\u0430"}
_ORDER: Mapping[str, Any] = {"order_number": "YM-2026-000001"}
_SAMPLES: Mapping[str, Mapping[str, Any]] = {
    **dict.fromkeys(STATUS_TEMPLATES, _ORDER),
    "order.cancelled": {**_ORDER, "was_paid": True},
}
_LINK: Mapping[str, Any] = {"verification_link": "https://yarmarka.test/verify-email#token=sample"}

_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.If, nodes.For,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Test, nodes.Filter, nodes.Keyword,
)  # fmt: skip
_FILTERS = frozenset({"capitalize", "default", "d", "first", "last", "length", "lower", "title", "trim", "upper"})

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


def samples_of(key: str, channel: Channel) -> dict[str, Any]:
    """Return a value for each variable that a notice of the key gives a text on the channel.

    `model.notice_of_status` gives an event's variables and `delivering` the recipient's; the inbox, which shows the PUSH text, has the
    event's alone. A key that no event has is given the recipient's name.
    """
    given = {**_SAMPLES.get(key, {})}
    if channel is not Channel.PUSH:
        given |= _RECIPIENT
    if (key, channel) == (VERIFY_EMAIL, Channel.EMAIL):
        given |= _LINK
    return given


def check_text(text: Text, key: str, channel: Channel) -> Text:
    """Return the text, if it is a template that can be rendered for the notices of its key.

    Raises:
        InvalidInput: when a part is empty or too long, is no template, has an expression that is not allowed, uses a variable that the
            notices of its key do not have, or cannot be rendered with sample data.
    """
    samples = samples_of(key, channel)
    for name, part, rule in (("subject", text.subject, SUBJECT), ("body", text.body, BODY)):
        if part is None:
            continue
        try:
            rule.read(part)
            _, wanted = _prepared(part)
        except InvalidInput as refusal:
            raise InvalidInput(f"The {name} cannot be used: {refusal}", "input", name) from refusal
        if unknown := sorted(wanted - samples.keys()):
            raise InvalidInput(
                f"No notice of {key} by {channel.value} has these variables: {', '.join(unknown)}", "input", name
            )
    render(text, samples)
    return text


def problem_of(text: Text, key: str, channel: Channel) -> str | None:
    """Return why a text that was saved cannot be sent; None for one that can."""
    try:
        check_text(text, key, channel)
    except InvalidInput as refusal:
        return str(refusal)
    return None


def render(text: Text, variables: Mapping[str, Any]) -> Rendered:
    """Return the text with the variables filled in. A subject is one line, and no longer than an inbox's title.

    Raises:
        InvalidInput: when the template has an expression that is not allowed, fails on these variables, or becomes too long.
    """
    missing = sorted(wanted_by(text) - variables.keys())
    given = {**{name: f"{{{name}}}" for name in missing}, **variables}
    subject = _rendered(text.subject, given, "subject") if text.subject is not None else None
    # A name with a line break would end the mail's header, and no provider takes such a mail.
    one_line = " ".join(subject.split())[: TITLE.most] if subject is not None else None
    return Rendered(one_line, _rendered(text.body, given, "body"), tuple(missing))


def first_rendered(texts: Iterable[Text], variables: Mapping[str, Any]) -> tuple[int, Rendered] | None:
    """Return the position and rendering of the first text that has all its variables and can be rendered; None if none can."""
    for position, text in enumerate(texts):
        try:
            rendered = render(text, variables)
        except InvalidInput:
            continue
        if not rendered.missing:
            return position, rendered
    return None


def wanted_by(text: Text) -> set[str]:
    """Return the names of the variables that a text uses.

    Raises:
        InvalidInput: when it is no template.
    """
    parts = [part for part in (text.subject, text.body) if part is not None]
    return set().union(*(_prepared(part)[1] for part in parts))


def _rendered(part: str, given: Mapping[str, Any], name: str) -> str:
    template, _ = _prepared(part)
    pieces: list[str] = []
    length = 0
    try:
        for piece in template.generate(given):
            length += len(piece)
            if length > MAX_RENDERED_CHARACTERS:
                raise InvalidInput(
                    f"The {name} becomes longer than {MAX_RENDERED_CHARACTERS} characters", "input", name
                )
            pieces.append(piece)
    except (
        TemplateError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
    ) as error:
        raise InvalidInput(f"The {name} cannot be rendered: {type(error).__name__}: {error}", "input", name) from error
    return "".join(pieces)


@lru_cache(MAX_CACHED_TEMPLATES)
def _prepared(part: str) -> tuple[Template, frozenset[str]]:
    """Return the compiled template of a text, and the variables that it uses."""
    try:
        tree = _environment.parse(part)
        _check_node(tree, nesting=0, is_in_loop=False)
        return _environment.from_string(part), frozenset(meta.find_undeclared_variables(tree))
    except (TemplateError, RecursionError) as error:
        raise InvalidInput(f"It is not a template: {error}") from error


def _check_node(node: nodes.Node, *, nesting: int, is_in_loop: bool) -> None:
    if nesting > MAX_NESTING:
        raise InvalidInput(f"A template is nested at most {MAX_NESTING} deep")
    if not isinstance(node, _NODES):
        raise InvalidInput(f"A template cannot use {type(node).__name__.lower()} expressions")
    if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        raise InvalidInput(f"A template's filters are {', '.join(sorted(_FILTERS))}")
    if isinstance(node, nodes.For):
        if is_in_loop or node.recursive or not isinstance(node.iter, nodes.Name | nodes.Getattr | nodes.Getitem):
            raise InvalidInput("A loop goes over a variable, and has no loop inside")
        is_in_loop = True
    for child in _children(node):
        _check_node(child, nesting=nesting + 1, is_in_loop=is_in_loop)


def _children(node: nodes.Node) -> Iterator[nodes.Node]:
    return node.iter_child_nodes()


_SIGNED = "\n\nYarmarka"

STARTING_TEXTS: Mapping[tuple[str, str], Text] = {
    (VERIFY_EMAIL, "PUSH"): Text(
        "Confirm your e-mail address",
        "Follow the link that we sent you. Until then we send nothing else to that address.",
    ),
    (VERIFY_EMAIL, "EMAIL"): Text(
        "Confirm your e-mail address",
        "Hello {{ name }},\n\nfollow this link to confirm that this is your address:\n\n{{ verification_link }}\n\n"
        "If you did not sign up, do not follow it: we send nothing else to this address." + _SIGNED,
    ),
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
    ("order.cancelled", "PUSH"): Text(
        "Order {{ order_number }} is cancelled",
        # Compared with true: a notice from before the variable was there shows the name of the variable in its place.
        "{% if was_paid == true %}What you paid for it comes back to you.{% else %}You owe nothing for it.{% endif %}",
    ),
    ("order.cancelled", "EMAIL"): Text(
        "{{ order_number }} is cancelled",
        "Hello {{ name }},\n\nyour order {{ order_number }} is cancelled. "
        "{% if was_paid == true %}What you paid comes back to you by the way you paid it; we write again when it is sent."
        "{% else %}Nothing was paid, and you owe nothing.{% endif %}" + _SIGNED,
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
