"""Settings from a YAML file, from the environment, and from flags.

Precedence: a flag, then ``GATEWAY_*`` in the environment (``GATEWAY_SERVER__PORT``; ``GATEWAY_PORT`` and ``GATEWAY_HOST`` for
short), then the file, then the defaults. In the file, ``${env.NAME}`` and ``${env.NAME:-default}`` stand for variables of the
environment. A key that is not known is an error, never ignored.
"""

import difflib
import os
import re
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.settings_proof import Problem, settings_problems
from gateway.settings_yaml import Key, YamlError, read_yaml

ENVIRONMENT_REFERENCE = re.compile(r"\$\{env\.([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


SHORT_VARIABLES = {"server.port": "GATEWAY_PORT", "server.host": "GATEWAY_HOST"}
SECTIONS = frozenset(
    name
    for name, setting in Settings.model_fields.items()
    if isinstance(setting.annotation, type) and issubclass(setting.annotation, BaseModel)
)


class InvalidSettings(GatewayError):
    """Raised when a setting is unknown, missing or wrong; the message names the file and the key."""

    exit_status = 2


Flags = Annotated[Mapping[str, Any], "dotted keys to values, e.g. {'server.port': 4391}; None means not given"]


def load_settings(path: Path | None, *, flags: Flags | None = None) -> Settings:
    """The settings of this process.

    Args:
        path: a YAML file, or None for the defaults.
        flags: what the command line said; wins over all else.

    Raises:
        InvalidSettings: the file is missing, is no YAML mapping, has an unknown key or a wrong value.
    """
    source = _read(path) if path is not None else _Source("settings")
    written = source.written
    _resolve_paths(written, path.parent if path is not None else Path())
    for key, variable in SHORT_VARIABLES.items():
        value = os.environ.get(variable, "")
        # Kubernetes sets GATEWAY_PORT to an address like tcp://10.0.0.1:4000 beside a service with the name gateway.
        if value and not value.startswith("tcp://"):
            _put(written, key, value)
    told: dict[str, Any] = {}
    for key, value in (flags or {}).items():
        if value is not None:
            _put(told, key, value)

    class Layered(Settings):
        """Flags, then the environment, then the file; sections are merged key by key."""

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=written)

    try:
        layered = Layered(**told)
    except ValidationError as error:
        problems = [(tuple(problem["loc"]), _told(problem)) for problem in error.errors()]
        raise InvalidSettings(source.tell(problems)) from None
    # Workers are other processes: what they are sent must be of a class that they can import.
    settings = Settings.model_construct(**{name: getattr(layered, name) for name in Settings.model_fields})
    if problems := settings_problems(settings):
        raise InvalidSettings(source.tell(problems))
    return settings


def locate(path: Path | None, problems: Iterable[Problem]) -> InvalidSettings:
    """Return the error that tells what is wrong, each problem with the line of its key in the file, or its variable."""
    source = _read(path) if path is not None else _Source("settings")
    return InvalidSettings(source.tell(problems))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean X?" for the known name that is most like this one, "" if none is."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""


@dataclass(frozen=True, slots=True)
class _Source:
    """What a file says.

    Attributes:
        name: Of the file.
        lines: Of each key.
    """

    name: str
    written: dict[str, Any] = field(default_factory=dict)
    lines: Mapping[Key, int] = field(default_factory=dict)

    def tell(self, problems: Iterable[Problem]) -> str:
        """Return a line for each problem."""
        return "\n".join(f"{self._place(key)}: {message}" for key, message in problems)

    def _place(self, key: Key) -> str:
        names = [str(step) for step in key]
        variables = [f"GATEWAY_{'__'.join(names[:end]).upper()}" for end in range(len(names), 0, -1)]
        variables += [SHORT_VARIABLES[".".join(names)]] if ".".join(names) in SHORT_VARIABLES else []
        for variable in variables:
            if os.environ.get(variable):
                return f"{variable} in the environment"
        for end in range(len(key), 0, -1):
            if key[:end] in self.lines:
                return f"{self.name}:{self.lines[key[:end]]}"
        return self.name


def _told(problem: Mapping[str, Any]) -> str:
    *sections, last = [str(step) for step in problem["loc"]] or ["(top)"]
    place = ".".join([*sections, last])
    if problem["type"] == "extra_forbidden":
        return f"{place} is not a setting that the gateway knows{nearest(last, _names(problem['loc'][:-1]))}"
    if problem["type"] in ("model_type", "mapping_type", "dict_type"):
        return f"{place}: must be a mapping of settings"
    return f"{place}: {problem['msg'].removeprefix('Value error, ')}"


def _names(sections: Sequence[str | int]) -> list[str]:
    """The settings that a section has."""
    model: type[BaseModel] = Settings
    for section in sections:
        annotation = model.model_fields[section].annotation if section in model.model_fields else None
        # An index of a list, or a name of a mapping, leads to no other model than the step before it.
        model = next((found for found in _models(annotation)), model)
    return list(model.model_fields)


def _models(annotation: object) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _models(inner)


def _read(path: Path) -> _Source:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidSettings(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidSettings(f"{path}: is not text in UTF-8") from None
    try:
        written, lines = read_yaml(text)
    except YamlError as error:
        raise InvalidSettings(f"{path}{error.place}: {error.message}") from None
    if written is None:
        return _Source(str(path))
    if not isinstance(written, dict):
        raise InvalidSettings(f"{path}: must be a mapping of settings")
    expanded = _expanded(written, path)
    assert isinstance(expanded, dict)
    source = _Source(str(path), expanded, lines)
    for name in SECTIONS & expanded.keys():
        # Flags are put into the sections, and would hide what is there.
        if not isinstance(expanded[name], dict | None):
            raise InvalidSettings(source.tell([((name,), f"{name}: must be a mapping of settings")]))
        if expanded[name] is None:
            expanded[name] = {}
    return source


def _expanded(value: object, path: Path) -> object:
    """The value with every ``${env.NAME}`` replaced; a key whose whole value comes out empty is left out."""
    match value:
        case str():
            return ENVIRONMENT_REFERENCE.sub(lambda found: _variable(found, path), value)
        case dict():
            items = {str(key): _expanded(item, path) for key, item in value.items()}
            return {key: item for key, item in items.items() if item != "" or value.get(key) == ""}
        case list():
            return [_expanded(item, path) for item in value]
        case _:
            return value


def _variable(found: re.Match[str], path: Path) -> str:
    name, default = found.group(1), found.group(2)
    value = os.environ.get(name) or default
    if value is None:
        raise InvalidSettings(f"{path}: the environment has no {name}, and the file gives no default for it")
    return value


def _resolve_paths(written: dict[str, Any], base: Path) -> None:
    """Paths in the file are relative to the file."""
    for section, key in (
        ("supergraph", "path"),
        ("supergraph", "subgraphs"),
        ("persisted", "manifest"),
        ("graphiql", "operations"),
    ):
        inside = written.get(section)
        if isinstance(inside, dict) and isinstance(inside.get(key), str):
            inside[key] = str(base / inside[key])


def _put(written: dict[str, Any], key: str, value: object) -> None:
    *sections, last = key.split(".")
    for section in sections:
        inner = written.get(section)
        inner = dict(inner) if isinstance(inner, Mapping) else {}
        written[section] = inner
        written = inner
    written[last] = value
