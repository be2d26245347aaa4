"""The operations that clients send, from files or a manifest of persisted documents, and what each costs on a supergraph."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, parse, print_ast, separate_operations

from gateway.errors import ClientError
from gateway.operation.access import AccessRules
from gateway.operation.limits import Limits
from gateway.operation.model import Refusal
from gateway.operation.normalize import normalize
from gateway.operation.prepare import Preparer
from gateway.planning.planner import plan
from gateway.planning.printer import print_plan
from gateway.sources import SourceError
from gateway.supergraph.model import Supergraph


@dataclass(frozen=True, slots=True)
class ClientOperation:
    """One operation.

    Attributes:
        source: the file, or the manifest's entry, that it is from.
        name: its own; None if it has none.
        text: a document with this operation alone.
    """

    source: str
    name: str | None
    text: str

    @property
    def shown(self) -> str:
        """How reports name it."""
        return self.name or self.source


@dataclass(frozen=True, slots=True)
class Cost:
    """What an operation takes on a supergraph.

    Attributes:
        fetches: requests to subgraphs.
        depth: the longest chain of them that wait for each other.
        services: the subgraphs asked, a name for each fetch, in order of name.
        plan: as printed; equal plans ask the same of the same subgraphs.
        problems: why it cannot be answered; then there is no cost.
    """

    fetches: int = 0
    depth: int = 0
    services: tuple[str, ...] = ()
    plan: str = ""
    problems: tuple[str, ...] = ()

    @property
    def is_answered(self) -> bool:
        """Whether the supergraph can answer it."""
        return not self.problems


def read_operations(path: Path) -> list[ClientOperation]:
    """The operations in a folder of ``.graphql`` files, in one such file, or in a manifest in JSON, in order of source.

    Raises:
        SourceError: if something cannot be read; the message names it.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix in {".graphql", ".gql"})
        return [operation for file in files for operation in read_operations(file)]
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if path.suffix != ".json":
        return list(_operations(str(path), text))
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise SourceError(f"{path}: {error}") from error
    return [operation for key, body in _manifest(path, manifest) for operation in _operations(f"{path}#{key}", body)]


def cost_on(supergraph: Supergraph, operation: ClientOperation) -> Cost:
    """What an operation takes of a caller who may see everything; conditions count as true."""
    rules = AccessRules(supergraph)
    preparer = Preparer(
        supergraph.api,
        rules,
        Limits(),
        allows_introspection=True,
        max_documents=1,
        max_document_bytes=1 << 40,
    )
    try:
        prepared = preparer.prepare(operation.text, operation.name)
        normalised = normalize(
            prepared.document,
            prepared.definition,
            supergraph.api,
            conditions=dict.fromkeys(prepared.condition_names, True),
            refuse=_everything_is_seen,
        )
        planned = plan(normalised, supergraph)
    except ClientError as error:
        return Cost(problems=tuple(str(shown["message"]) for shown in error.all_formatted()))
    services = tuple(sorted(fetch.service for fetch in planned.fetches))
    return Cost(len(planned.fetches), planned.depth(), services, print_plan(planned))


def _everything_is_seen(type_name: str, field_name: str) -> Refusal | None:
    return None


def _operations(source: str, text: str) -> Iterator[ClientOperation]:
    try:
        document = parse(text, no_location=True)
    except GraphQLError as error:
        raise SourceError(f"{source}: {error.message}") from error
    names = [d.name.value if d.name else None for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if not names:
        raise SourceError(f"{source}: there is no operation in it")
    if len(names) == 1:
        yield ClientOperation(source, names[0], text)
        return
    # Clients send one of them at a time, with its fragments: what is wrong with one is nothing to the others.
    separated = separate_operations(document)
    if len(separated) != len(names) or None in names:
        raise SourceError(f"{source}: each of several operations needs a name of its own")
    yield from (ClientOperation(source, name, print_ast(alone)) for name, alone in separated.items())


def _manifest(path: Path, manifest: Any) -> Iterator[tuple[str, str]]:
    """(key, document) of a manifest: a list of operations with bodies, or an object from hash to document."""
    if isinstance(manifest, dict) and isinstance(manifest.get("operations"), list):
        manifest = {
            str(entry.get("id")): entry.get("body") for entry in manifest["operations"] if isinstance(entry, dict)
        }
    if not isinstance(manifest, dict) or not all(isinstance(body, str) for body in manifest.values()):
        raise SourceError(f"{path}: is not a manifest of persisted documents")
    yield from manifest.items()
