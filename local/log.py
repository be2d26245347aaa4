"""One coloured log of many processes: each line under its process's name, also kept in a file of its own."""

import sys
from pathlib import Path
from typing import TextIO

COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)


class Log:
    """Writes lines to the terminal and to ``<folder>/<name>.log``.

    Args:
        folder: where the files go; made if missing.
        terminal: colours only if it is one.
    """

    def __init__(self, folder: Path, terminal: TextIO = sys.stdout) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._terminal = terminal
        self._colours: dict[str, int] = {}
        self._files: dict[str, TextIO] = {}

    def line(self, name: str, text: str) -> None:
        """Write one line of a process."""
        if name not in self._files:
            self._files[name] = (self._folder / f"{name}.log").open("a", buffering=1)
            self._colours[name] = COLOURS[len(self._colours) % len(COLOURS)]
        self._files[name].write(text + "\n")
        label = f"{name:>14}"
        if self._terminal.isatty():
            label = f"\x1b[{self._colours[name]}m{label}\x1b[0m"
        print(f"{label} | {text}", file=self._terminal, flush=True)

    def say(self, text: str) -> None:
        """Write one line of the supervisor itself."""
        self.line("yarmarka", text)

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
