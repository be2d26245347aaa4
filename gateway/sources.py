"""Where subgraph SDLs come from: a configuration in rover's format, files, and running subgraphs.

    subgraphs:
      products:
        routing_url: http://127.0.0.1:4002/graphql
        schema:
          file: products.graphql              # beside the configuration
      reviews:
        routing_url: http://127.0.0.1:4003/graphql
        schema:
          subgraph_url: http://127.0.0.1:4003/graphql
          introspection_headers: {Authorization: "Bearer ${env.SUBGRAPH_TOKEN}"}

Source: https://www.apollographql.com/docs/rover/commands/supergraphs#configuration
"""

import http.client
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from gateway.composition.model import Subgraph
from gateway.errors import GatewayError

INTROSPECTION_TIMEOUT_SECONDS = 10.0
MAX_SDL_BYTES = 64 * 1024 * 1024
_VARIABLE = re.compile(r"\$\{env\.([A-Za-z_][A-Za-z0-9_]*)\}")


class SourceError(GatewayError):
    """Raised when a configuration, or a subgraph's SDL, cannot be read: the message names the place."""

    exit_status = 2


def _expanded(value: object) -> object:
    """``${env.NAME}`` replaced by the environment's value."""
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            raise ValueError(f"the environment has no {match[1]}")
        return found

    return _VARIABLE.sub(replace, value)


Text = Annotated[str, BeforeValidator(_expanded)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SchemaSource(_Strict):
    """Where one SDL is: exactly one of a file, a running subgraph, the text itself."""

    file: Text | None = None
    subgraph_url: Text | None = None
    sdl: str | None = None
    introspection_headers: dict[str, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> "SchemaSource":
        given = [name for name in ("file", "subgraph_url", "sdl") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of file, subgraph_url, sdl")
        return self


class SubgraphSource(_Strict):
    """One subgraph of a configuration.

    Attributes:
        routing_url: where queries go; by default `subgraph_url`.
        mock: whether `dev` answers in its place.
    """

    routing_url: Text | None = None
    source: SchemaSource = Field(alias="schema")
    mock: bool = False


class SupergraphConfig(_Strict):
    """A whole configuration."""

    subgraphs: dict[str, SubgraphSource]
    federation_version: str | int | float | None = None


def read_config(path: Path) -> SupergraphConfig:
    """The configuration in a YAML file.

    Raises:
        SourceError: if the file is missing, not YAML, or has a key that means nothing.
    """
    try:
        content = yaml.load(_read_text(path), Loader=_Loader)  # noqa: S506 -- a SafeLoader
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}") from error
    except RecursionError as error:
        raise SourceError(f"{path}: it is nested too deeply") from error
    except (yaml.YAMLError, ValueError) as error:
        raise SourceError(f"{path}: {error}") from error
    try:
        config = SupergraphConfig.model_validate(content)
    except ValidationError as error:
        raise SourceError("\n".join(_problem(path, problem) for problem in error.errors())) from error
    if not config.subgraphs:
        raise SourceError(f"{path}: subgraphs: there are none")
    return config


class _Loader(yaml.SafeLoader):
    """Refuses a key that is given twice: of two subgraphs of one name, YAML itself would drop one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f'"{key.value}" is there twice', key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _read_text(path: Path) -> str:
    """A file's text.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it is too large, or not UTF-8.
    """
    with path.open("rb") as file:
        content = file.read(MAX_SDL_BYTES + 1)
    if len(content) > MAX_SDL_BYTES:
        raise ValueError(f"it has more than {MAX_SDL_BYTES} bytes")
    return content.decode("utf-8")


def load_subgraphs(config: SupergraphConfig, base: Path) -> list[Subgraph]:
    """Every subgraph of a configuration with its SDL; running ones are asked all at once.

    Args:
        base: the folder that files are relative to.

    Raises:
        SourceError: naming every subgraph whose SDL cannot be had.
    """
    problems: list[str] = []
    loaded: list[Subgraph] = []
    with ThreadPoolExecutor(max_workers=16) as pool:
        waiting = {name: pool.submit(load_subgraph, name, source, base) for name, source in config.subgraphs.items()}
        for future in waiting.values():
            try:
                loaded.append(future.result())
            except SourceError as error:
                problems.append(str(error))
    if problems:
        raise SourceError("\n".join(problems))
    return loaded


def load_subgraph(name: str, source: SubgraphSource, base: Path) -> Subgraph:
    """One subgraph with its SDL.

    Raises:
        SourceError: if the file cannot be read, or the subgraph does not tell its SDL.
    """
    given = source.source
    url = source.routing_url or given.subgraph_url or ""
    if given.sdl is not None:
        return Subgraph(name, url, given.sdl)
    if given.subgraph_url is not None:
        return Subgraph(name, url, ask_for_sdl(name, given.subgraph_url, given.introspection_headers))
    assert given.file is not None
    path = base / given.file
    try:
        return Subgraph(name, url, _read_text(path), given.file)
    except (OSError, ValueError) as error:
        raise SourceError(f'subgraph "{name}": {path}: {getattr(error, "strerror", None) or error}') from error


def ask_for_sdl(
    name: str, url: str, headers: Mapping[str, str], *, timeout_seconds: float = INTROSPECTION_TIMEOUT_SECONDS
) -> str:
    """The SDL that a running subgraph tells of itself, by ``{ _service { sdl } }``.

    Raises:
        SourceError: if it is not reached in time, or answers something else.
    """
    if not url.startswith(("http://", "https://")):
        raise SourceError(f'subgraph "{name}": {url} is not an http address')
    request = urllib.request.Request(  # noqa: S310 -- the scheme was looked at above
        url,
        data=json.dumps({"query": "query SubgraphSdl { _service { sdl } }"}).encode(),
        headers={"Content-Type": "application/json", "Accept": "application/json", **headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout_seconds) as response:  # noqa: S310 -- as above
            body = response.read(MAX_SDL_BYTES + 1)
    except urllib.error.HTTPError as error:
        with error:
            raise SourceError(f'subgraph "{name}": {url} answered HTTP {error.code}') from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SourceError(
            f'subgraph "{name}": {url} cannot be reached: {getattr(error, "reason", None) or error}'
        ) from error
    if len(body) > MAX_SDL_BYTES:
        raise SourceError(f'subgraph "{name}": {url} answered more than {MAX_SDL_BYTES} bytes')
    return _sdl_of(name, url, body)


def _sdl_of(name: str, url: str, body: bytes) -> str:
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise SourceError(f'subgraph "{name}": {url} did not answer JSON') from error
    service = _entry(_entry(answer, "data"), "_service")
    sdl = _entry(service, "sdl")
    if isinstance(sdl, str):
        return sdl
    errors = _entry(answer, "errors")
    said = f": {json.dumps(errors)[:300]}" if errors else ""
    raise SourceError(f'subgraph "{name}": {url} did not tell its SDL{said}')


def _entry(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _problem(path: Path, problem: Any) -> str:
    at = ".".join(str(part) for part in problem["loc"])
    return f"{path}: {at}: {problem['msg']}" if at else f"{path}: {problem['msg']}"
