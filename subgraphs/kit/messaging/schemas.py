"""The JSON Schema of an event: the envelope with its data spelled out; `schema/events/<type>.json` is this, and drift fails CI."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from subgraphs.kit.messaging.envelope import Envelope

EXPORT_FOLDER = Path("schema/events")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def event_schema(data: type[BaseModel], *, event_type: str, version: int, source: str) -> dict[str, Any]:
    """The schema of one type of event.

    Args:
        data: the frozen model of what the envelope carries.
        version: of the data's shape, n >= 1.
        source: the service that says it.
    """
    envelope, carried = Envelope.model_json_schema(), data.model_json_schema()
    definitions = carried.pop("$defs", {})  # references count from the root
    fixed = {"type": {"const": event_type}, "version": {"const": version}, "source": {"const": source}}
    properties = {**envelope["properties"], **fixed, "data": carried}
    return {
        "$schema": DIALECT,
        "title": event_type,
        "description": (data.__doc__ or "").strip().partition("\n")[0],
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": envelope["required"],
        **({"$defs": definitions} if definitions else {}),
    }


def export_events(schemas: Mapping[str, dict[str, Any]], *, folder: Path = EXPORT_FOLDER) -> list[Path]:
    """Write each schema to `<folder>/<type>.json`; the files' paths, in the order of the types."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for event_type in sorted(schemas):
        path = folder / f"{event_type}.json"
        path.write_bytes(schema_text(schemas[event_type]))
        written.append(path)
    return written


def schema_text(schema: dict[str, Any]) -> bytes:
    """The bytes of a schema's file, the same for the same schema."""
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
