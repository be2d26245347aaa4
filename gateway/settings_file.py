"""Settings from a YAML file, from the environment, and from flags.

Precedence: a flag, then ``GATEWAY_*`` in the environment (``GATEWAY_SERVER__PORT``; ``GATEWAY_PORT`` and ``GATEWAY_HOST`` for
short), then the file, then the defaults. In the file, ``${env.NAME}`` and ``${env.NAME:-default}`` stand for variables of the
environment. A key that is not known is an error, never ignored.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from gateway.errors import GatewayError
from gateway.settings import Settings

ENVIRONMENT_REFERENCE = re.compile(r"\$\{env\.([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


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
    written = _read(path) if path is not None else {}
    _resolve_paths(written, path.parent if path is not None else Path())
    for key, variable in (("server.port", "GATEWAY_PORT"), ("server.host", "GATEWAY_HOST")):
        if os.environ.get(variable):
            _put(written, key, os.environ[variable])
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
        where = str(path) if path is not None else "settings"
        raise InvalidSettings("\n".join(f"{where}: {_told(problem)}" for problem in error.errors())) from None
    # Workers are other processes: what they are sent must be of a class that they can import.
    return Settings.model_construct(**{name: getattr(layered, name) for name in Settings.model_fields})


def _told(problem: Mapping[str, Any]) -> str:
    place = ".".join(str(step) for step in problem["loc"]) or "(top)"
    if problem["type"] == "extra_forbidden":
        return f"{place} is not a setting that the gateway knows"
    return f"{place}: {problem['msg']}"


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidSettings(f"{path}: cannot be read: {error.strerror}") from None
    try:
        written = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark is not None else ""
        raise InvalidSettings(f"{path}{place}: not YAML: {getattr(error, 'problem', None) or error}") from None
    if written is None:
        return {}
    if not isinstance(written, dict):
        raise InvalidSettings(f"{path}: must be a mapping of settings")
    expanded = _expanded(written, path)
    assert isinstance(expanded, dict)
    return expanded


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
