"""The subgraph's SDL, the same text for the same code; `schema/subgraphs/<name>.graphql` is this, and drift fails CI."""

from pathlib import Path

from strawberry.federation import Schema
from strawberry.printer import print_schema

EXPORT_FOLDER = Path("schema/subgraphs")


def sdl(schema: Schema) -> str:
    """The SDL that composition reads, ending in one newline."""
    return print_schema(schema).strip() + "\n"


def export(schema: Schema, name: str, *, folder: Path = EXPORT_FOLDER) -> Path:
    """Write the SDL to `<folder>/<name>.graphql`; the file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.graphql"
    path.write_text(sdl(schema), encoding="utf-8")
    return path
