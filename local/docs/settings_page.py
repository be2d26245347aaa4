"""`docs/gateway/settings.md`, from the gateway's settings and the `Attributes:` of their docstrings."""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from gateway.settings import Settings
from local.docs.markdown import code, page, table

INTRODUCTION = """\
# Settings

<!-- Written by `python -m local.docs` from `gateway/settings.py`. -->

`python -m gateway serve --config gateway.yaml` reads a YAML file. Four sources have values; the first that has one wins:

1. flags, such as `--port 4001`;
2. the environment, such as `GATEWAY_SERVER__PORT=4001`; lists and mappings are JSON;
3. the file, in which `${env.NAME}` and `${env.NAME:-default}` stand for variables of the environment;
4. the defaults below.

An unknown key is an error. A relative path in the file is relative to the file's folder."""

ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n     .*)*)", re.MULTILINE)
"""An entry of `Attributes:`, with its indented further lines, in a docstring that `inspect.cleandoc` has dedented."""

UNITS = {"seconds": "seconds", "bytes": "bytes"}
"""Last words of keys that name a unit."""


@dataclass(frozen=True, slots=True)
class Section:
    """A model of the settings.

    Attributes:
        path: Where it stands, such as ``identity.issuers``; "" for the top.
        variable: Variable of the environment that has all of it, as JSON if it is within a list or a mapping.
        is_repeated: Whether a list or a mapping holds several of it.
    """

    path: str
    model: type[BaseModel]
    variable: str
    is_repeated: bool


def render() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for section in sections():
        parts.append(f"## {section.path or 'Top level'}")
        parts.append(_prose(_first_part(section.model)))
        if section.is_repeated:
            parts.append(f"In the environment, `{section.variable}` has them as JSON.")
        parts.append(table(("key, variable", "default", "value", "meaning"), _rows(section)))
    return page(*parts)


def sections() -> Iterator[Section]:
    """Yield the top and every section below it, in the order of the file."""
    yield from _sections(Section("", Settings, "GATEWAY", is_repeated=False))


def documented(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the text of each key that the model's own docstring, or that of a model it extends, explains."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base.__module__ == Settings.__module__:
            for name, text in ATTRIBUTE.findall(inspect.cleandoc(base.__doc__ or "")):
                found[name] = " ".join(text.split())
    return found


def _sections(section: Section) -> Iterator[Section]:
    yield section
    for key, field in section.model.model_fields.items():
        for model, is_repeated in _models(field.annotation):
            inner = is_repeated or section.is_repeated
            below = ".NAME" if get_origin(field.annotation) is Mapping else ""
            variable = section.variable if section.is_repeated else _variable(section, key)
            yield from _sections(
                Section(f"{section.path}.{key}{below}".lstrip("."), model, variable, is_repeated=inner)
            )


def _rows(section: Section) -> Iterator[tuple[str, str, str, str]]:
    texts = documented(section.model)
    for key, field in section.model.model_fields.items():
        models = [model for model, _ in _models(field.annotation)]
        is_section = bool(models) and field.annotation in models
        if is_section and key not in texts:
            texts = {**texts, key: f"[Section](#{f'{section.path}.{key}'.lstrip('.').replace('.', '').lower()})."}
        variable = "" if section.is_repeated or is_section else f"<br>{code(_variable(section, key))}"
        value = "" if is_section else _value(key, field)
        yield f"{code(key)}{variable}", "" if is_section else _default(field), value, _prose(texts[key])


def _variable(section: Section, key: str) -> str:
    return f"{section.variable}{'__' if section.path else '_'}{key.upper()}"


def _first_part(model: type[BaseModel]) -> str:
    return inspect.cleandoc(model.__doc__ or "").partition("\n\nAttributes:")[0]


def _prose(text: str) -> str:
    """Return a docstring's text as Markdown."""
    return text.replace("``", "`").replace("; None ", "; none ")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    match field.get_default():
        case None:
            return "none"
        case bool() as value:
            return code(str(value).lower())
        case SecretStr():
            return "none"
        case () | {}:
            return "none"
        case tuple() as values:
            return ", ".join(code(str(value)) for value in values)
        case float() as value:
            return code(f"{value:g}")
        case value:
            return code(str(value))


def _value(key: str, field: FieldInfo) -> str:
    """Return what the value may be: its kind or unit, and its bounds."""
    bounds = {
        name: getattr(each, name) for each in field.metadata for name in ("ge", "gt", "le") if hasattr(each, name)
    }
    kind = UNITS.get(key.rpartition("_")[2]) or _kind(field.annotation)
    at_least = f"at least {bounds['ge']:,}" if bounds.get("ge") else ""
    above = f"above {bounds['gt']:,}" if "gt" in bounds else ""
    at_most = f"at most {bounds['le']:,}" if "le" in bounds else ""
    return ", ".join(part for part in (kind, at_least, above, at_most) if part)


def _kind(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), [each for each in get_args(annotation) if each is not NoneType]
    if origin is Literal:
        return " or ".join(code(str(value)) for value in arguments)
    if origin in (Union, UnionType):
        return " or ".join(_kind(each) for each in arguments)
    if origin is tuple:
        return f"list of {_kind(arguments[0])}"
    if origin is Mapping:
        return f"mapping of names to {_kind(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    return {bool: "`true` or `false`", int: "number", float: "number", str: "text", Path: "path", SecretStr: "secret"}[
        annotation
    ]


def _models(annotation: Any) -> Iterator[tuple[type[BaseModel], bool]]:
    """Yield the models in an annotation, each with whether a list or a mapping holds it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, False
        return
    is_container = get_origin(annotation) in (tuple, Mapping)
    for argument in get_args(annotation):
        for model, is_repeated in _models(argument):
            yield model, is_container or is_repeated
