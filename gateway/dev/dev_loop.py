"""The loop of `dev`: looks at the configuration, the SDL files and the running subgraphs, and composes when any of them changed.

The supergraph file is written only when the subgraphs compose, so that whoever serves it keeps the last good schema. A subgraph
that is marked `mock: true`, or that cannot be reached, is answered by a mock until it can.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gateway.composition.compose import compose
from gateway.composition.errors import CompositionFailed, HintLevel, quoted
from gateway.composition.model import Subgraph
from gateway.composition.report import COLOURED, PLAIN, Style, as_text
from gateway.dev.composition_state import CompositionState
from gateway.dev.mock_server import MockServer
from gateway.dev.mocking import MockedSubgraph
from gateway.dev.polling import Known, Polls
from gateway.files import write_atomically
from gateway.sources import SourceError, SubgraphSource, SupergraphConfig, load_subgraph, read_config

SETTLE_SECONDS = 0.05
"""Editors empty, remove or rename a file while they save it: what changed is read once more before it is believed."""

PATIENCE_SECONDS = 2.0

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What there is to compose: if it is the same again, there is nothing to do.

    Attributes:
        subgraphs: in order of name, with the addresses that queries go to.
        mocked: those that a mock answers for.
        problems: what cannot be read; then nothing is composed.
        notes: what went wrong without being in the way.
    """

    subgraphs: tuple[Subgraph, ...] = ()
    mocked: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)


class DevelopmentLoop:
    """Looks at the subgraphs, and composes when they changed.

    Args:
        outputs: the supergraph files; they only ever hold one that composes.
        overrides: subgraph -> what to take in its place.
        mocks_down: whether a subgraph that cannot be reached is mocked.
        tell: shows a person what happened.
    """

    def __init__(
        self,
        config: Path,
        outputs: Sequence[Path],
        mocks: MockServer,
        *,
        overrides: Mapping[str, SubgraphSource] | None = None,
        mocks_down: bool = True,
        tell: Tell | None = None,
    ) -> None:
        self._config = config
        self._outputs = outputs
        self._mocks = mocks
        self._overrides = overrides or {}
        self._mocks_down = mocks_down
        self._tell = tell or _to_standard_error
        self._polls = Polls()
        self._read_config: tuple[str, SupergraphConfig] | None = None
        self._seen: _Seen | None = None
        self._composed = _Seen()
        self._outcome = CompositionState()
        self._notes: tuple[str, ...] = ()
        self._made: dict[Subgraph, MockedSubgraph] = {}

    def close(self) -> None:
        """Asks no subgraph any more."""
        self._polls.close()

    def look(self) -> CompositionState:
        """Composes if anything changed; what came of the last time that it did."""
        seen = self._read()
        if seen != self._seen:
            time.sleep(SETTLE_SECONDS)
            settled = self._read()
            if settled != seen and self._seen is not None:
                return self._state()
            self._seen = settled
            self._take_up(settled)
        for note in seen.notes:
            if note not in self._notes:
                self._tell(note)
        self._notes = seen.notes
        return self._state()

    def _state(self) -> CompositionState:
        problems = self._seen.problems if self._seen is not None else ()
        return replace(self._outcome, errors=(), problems=problems) if problems else self._outcome

    def _take_up(self, seen: _Seen) -> None:
        """Composes what was seen, unless nothing can be, or it is what was composed last."""
        if seen.problems:
            self._tell("\n".join(seen.problems) + self._kept())
        elif seen != self._composed:
            before, self._composed = self._composed, seen
            self._compose(before, seen)
        elif self._outcome.is_good:
            self._tell("The subgraphs are again as they were composed.")

    def _compose(self, before: _Seen, seen: _Seen) -> None:
        began = time.perf_counter()
        mocked = tuple(sorted(seen.mocked))
        try:
            composed = compose(seen.subgraphs)
            self._made = {s: self._made.get(s) or MockedSubgraph(s) for s in seen.subgraphs if s.name in seen.mocked}
            self._mocks.serve({subgraph.name: mock for subgraph, mock in self._made.items()})
        except CompositionFailed as failed:
            self._outcome = replace(self._outcome, errors=failed.errors)
            count = f"{len(failed.errors)} error{'s' if len(failed.errors) > 1 else ''}"
            self._tell(f"{as_text(failed.errors, style=_style())}\n\n{count}.{self._kept()}")
            return
        for output in self._outputs:
            write_atomically(output, composed.supergraph_sdl)
        self._outcome = CompositionState(mocked=mocked, has_schema=True)
        warnings = [hint for hint in composed.hints if hint.level is HintLevel.WARN]
        if warnings:
            self._tell(as_text((), warnings, style=_style()))
        took_ms = (time.perf_counter() - began) * 1000
        changed = _changed(before, seen) if before.subgraphs else []
        parts = [f"composed {len(seen.subgraphs)} subgraphs in {took_ms:.0f} ms", *changed]
        if mocked:
            parts.append(f"mocked: {', '.join(mocked)}")
        self._tell("; ".join(parts))

    def _kept(self) -> str:
        return (
            "\nThe last schema that composed stays in service."
            if self._outcome.has_schema
            else "\nNothing to serve yet."
        )

    def _read(self) -> _Seen:
        """What there is now."""
        try:
            config = self._config_now()
        except SourceError as error:
            return _Seen(problems=(str(error),))
        strangers = self._overrides.keys() - config.subgraphs.keys()
        sources = {**config.subgraphs, **{name: self._overrides[name] for name in strangers}}
        sources = {name: self._overrides.get(name, source) for name, source in sorted(sources.items())}
        known = self._polls.follow(
            {name: s for name, s in sources.items() if not s.mock or s.source.subgraph_url},
            patience_seconds=PATIENCE_SECONDS,
        )
        subgraphs: list[Subgraph] = []
        problems: list[str] = []
        for name, source in sources.items():
            try:
                subgraphs.append(self._subgraph(name, source, known.get(name)))
            except SourceError as error:
                problems.append(str(error))
        if problems:
            return _Seen(problems=tuple(problems))
        mocked = frozenset(name for name, source in sources.items() if self._is_mocked(source, known.get(name)))
        return _Seen(
            subgraphs=tuple(replace(s, url=self._mocks.url(s.name)) if s.name in mocked else s for s in subgraphs),
            mocked=mocked,
            notes=tuple(
                f"{found.problem}; what it told before stays"
                for name, found in known.items()
                if found is not None and found.problem and name not in mocked
            ),
        )

    def _config_now(self) -> SupergraphConfig:
        """The configuration, read again if its text changed."""
        try:
            text = self._config.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return read_config(self._config)
        if self._read_config is None or self._read_config[0] != text:
            self._read_config = (text, read_config(self._config))
        return self._read_config[1]

    def _subgraph(self, name: str, source: SubgraphSource, known: Known | None) -> Subgraph:
        """A subgraph as it is now; a running one as it told last.

        Raises:
            SourceError: its file cannot be read, or it never told its SDL.
        """
        if source.source.subgraph_url is None:
            return load_subgraph(name, source, self._config.parent)
        if known is not None and known.sdl is not None:
            return Subgraph(name, source.routing_url or source.source.subgraph_url, known.sdl)
        said = known.problem if known is not None else f'subgraph "{name}": {source.source.subgraph_url} is silent'
        raise SourceError(f"{said}\n  Start it, or give its SDL: --override {name}=FILE")

    def _is_mocked(self, source: SubgraphSource, known: Known | None) -> bool:
        return source.mock or (self._mocks_down and known is not None and not known.is_up)


def _changed(before: _Seen, now: _Seen) -> list[str]:
    """What is different, in words."""
    old, new = ({s.name: s for s in seen.subgraphs} for seen in (before, now))
    told = {
        "came": new.keys() - old.keys(),
        "went": old.keys() - new.keys(),
        "changed": {name for name in new.keys() & old.keys() if new[name].sdl != old[name].sdl},
        "answers now": (before.mocked - now.mocked) & new.keys(),
        "does not answer": (now.mocked - before.mocked) & old.keys(),
    }
    return [f"{quoted(sorted(names))} {what}" for what, names in told.items() if names]


def _style() -> Style:
    return COLOURED if sys.stderr.isatty() else PLAIN


def _to_standard_error(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
