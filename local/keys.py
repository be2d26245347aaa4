"""Development keys, made once under the data directory and never committed.

In production the same variables come from the operator's secret store.
"""

import json
import os
import secrets
from pathlib import Path

from subgraphs.kit.runtime.keys import new_secret

VARIABLES = ("YARMARKA_SERVICE_KEYS", "YARMARKA_CURSOR_KEYS", "PAYMENT_WEBHOOK_SECRET", "BANK_API_KEY")


def development_secrets(data_dir: Path) -> dict[str, str]:
    """The secrets as environment variables: read from ``keys/secrets.json``, or made and written there (mode 600).

    Variables that are set already win over the file.
    """
    path = data_dir / "keys" / "secrets.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = [name for name in VARIABLES if name not in kept]
    if missing:
        kept |= {name: _new_secret(name) for name in missing}
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = path.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(kept, indent=2))
        unfinished.replace(path)
    return {name: os.environ.get(name, value) for name, value in kept.items()}


def _new_secret(name: str) -> str:
    return new_secret("dev1", secrets.token_bytes(32)) if name.endswith("_KEYS") else secrets.token_urlsafe(32)
