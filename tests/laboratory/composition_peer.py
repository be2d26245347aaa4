"""Apollo's composition beside ours: a Node process that is asked set by set.

It is a development tool, installed apart from the project (`npm install @apollo/composition graphql@16`), in the folder that
`COMPOSITION_PEER` names.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

SCRIPT = Path(__file__).parents[1] / "contract" / "composition" / "peer.mjs"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the peer says of some subgraphs.

    Attributes:
        codes: of its errors, each once; empty if they compose; ``THROWN`` if it fell over.
        sdl: the supergraph, if they compose.
        hints: codes of its hints, if they compose.
        cpu_seconds: of its process, if they compose.
    """

    codes: frozenset[str]
    sdl: str | None
    hints: frozenset[str] = frozenset()
    cpu_seconds: float = 0.0


def peer_folder() -> Path | None:
    """Where the peer is installed, or None."""
    folder = os.environ.get("COMPOSITION_PEER")
    if folder is None or shutil.which("node") is None:
        return None
    path = Path(folder)
    return path if (path / "node_modules" / "@apollo" / "composition").is_dir() else None


class Peer:
    """The running peer, as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> "Peer":
        command = ["node", str(SCRIPT), str(self._folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=10)

    def compose(self, subgraphs: Mapping[str, str]) -> Verdict:
        """What the peer says of subgraphs, by name."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(dict(subgraphs)) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Verdict(
            frozenset(answer["codes"]), answer.get("sdl"), frozenset(answer.get("hints", ())), answer.get("cpu", 0.0)
        )
