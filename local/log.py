"""One coloured log of many processes: each line under its process's name, also kept in a file of its own.

Writing a line never raises, and never waits for the reader of the terminal. The disk may be full, the terminal closed or its reader
stopped: the supervisor still drains its processes' pipes. Lines that cannot be written are counted, and the file reports the count
as soon as there is room again.
"""

import errno
import queue
import sys
import threading
from pathlib import Path
from typing import BinaryIO, TextIO

COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
WAITING_TEXTS = 10_000
"""How many texts wait for a slow terminal. It misses later ones; the files have them."""
CLOSE_SECONDS = 2.0
_IS_GONE = frozenset({errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO})


class Log:
    """Writes lines to the terminal and to ``<folder>/<name>.log``.

    Attributes:
        last_lines: The last line of each process, by name.

    Args:
        folder: Where the files go; made if missing.
        terminal: Gets colours only if it is one.
    """

    def __init__(self, folder: Path, terminal: TextIO = sys.stdout) -> None:
        self.last_lines: dict[str, str] = {}
        self._folder = folder
        self._files: dict[str, _LineFile] = {}
        self._terminal = _Terminal(terminal)

    def line(self, name: str, text: str) -> None:
        """Write one line of a process."""
        self.last_lines[name] = text
        if name not in self._files:
            self._files[name] = _LineFile(self._folder / f"{name}.log", colour=COLOURS[len(self._files) % len(COLOURS)])
        file = self._files[name]
        file.write(text)
        label = f"{name:>14}"
        if self._terminal.is_coloured:
            label = f"\x1b[{file.colour}m{label}\x1b[0m"
        self._terminal.write(f"{label} | {text}\n")

    def say(self, text: str) -> None:
        """Write one line of the supervisor itself."""
        self.line("yarmarka", text)

    def show(self, text: str) -> None:
        """Write text to the terminal alone, as it is."""
        self._terminal.write(text)

    def close(self) -> None:
        """Close the files; what still waits for the terminal is written, for two seconds at most."""
        self._terminal.close()
        for file in self._files.values():
            file.close()


class _LineFile:
    """A file of lines, unbuffered: a write that failed is not tried again by the next one."""

    def __init__(self, path: Path, *, colour: int) -> None:
        self.colour = colour
        self._path = path
        self._file: BinaryIO | None = None
        self._lost = 0

    def write(self, text: str) -> None:
        report = f"[{self._lost} lines are missing here: they could not be written]\n" if self._lost else ""
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("ab", buffering=0)
            self._file.write(f"{report}{text}\n".encode(errors="replace"))
        except OSError:
            self._lost += 1
        else:
            self._lost = 0

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class _Terminal:
    """A terminal behind a bounded queue and a thread, since a write to one waits for its reader."""

    def __init__(self, terminal: TextIO) -> None:
        self.is_coloured = _is_a_terminal(terminal)
        self._terminal = terminal
        self._texts: queue.Queue[str | None] = queue.Queue(WAITING_TEXTS)
        self._writer = threading.Thread(target=self._write_all, name="terminal", daemon=True)
        self._writer.start()

    def write(self, text: str) -> None:
        try:
            self._texts.put_nowait(text)
        except queue.Full:
            return  # its reader has stopped; the files have the line

    def close(self) -> None:
        try:
            self._texts.put(None, timeout=CLOSE_SECONDS)
        except queue.Full:
            return
        self._writer.join(CLOSE_SECONDS)

    def _write_all(self) -> None:
        is_gone = False
        while (text := self._texts.get()) is not None:
            if is_gone:
                continue
            try:
                self._terminal.write(text)
                self._terminal.flush()
            except ValueError:  # closed by this process
                is_gone = True
            except OSError as error:
                is_gone = error.errno in _IS_GONE


def _is_a_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False
