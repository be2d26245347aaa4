"""Attacks on gateway processes: their settings, their signals, their schema, and the spans that they record."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from tests.attacks.attack import Attack, AttackSucceeded
from tests.attacks.usage import family
from tests.attacks.world import World
from tests.support.gateway import ROOT, RunningGateway

DEADLINE_SECONDS: Final = 180.0
DRAIN_SECONDS: Final = 3
KILLED_AFTER_SECONDS: Final = 300.0
"""When it is given up that a gateway ends: more than it may take on a machine that is busy with something else."""

MEANINGLESS: Final = {
    "a key that is misspelt": ("server: {prot: 4001}", 1, "server.prot", "port"),
    "an unknown subgraph": ("subgraphs:\n  sotck: {timeout_seconds: 1}", 2, "subgraphs.sotck", "stock"),
    "a folder that is not there": ("persisted: {manifest: nowhere}", 1, "persisted.manifest", "nowhere"),
    "percent(200)": ("override_labels: [percent(200)]", 1, "override_labels", "percent(200)"),
    "an origin without a scheme": ("server:\n  cors_origins: [shop.example]", 2, "server.cors_origins", "https://"),
    "a key given twice": ("server:\n  port: 1\n  port: 2", 3, "server.port", "twice"),
    "a list for a section": ("server: [1]", 1, "server", "mapping"),
    "a limited field that is not there": (
        "rate_limits:\n  fields: {Query.meh: {limit: 1}}",
        2,
        "Query.meh",
        "Query.me",
    ),
}
"""For each: the settings, the line that is wrong, its key, and a word that helps."""


def meaningless_settings(world: World) -> str:
    """Settings that mean nothing; none may start a gateway."""

    def refused(name: str) -> str | None:
        text, line, *words = MEANINGLESS[name]
        config = world.folder / f"meaningless-{secrets.token_hex(4)}.yaml"
        config.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "gateway", "serve", "--config", str(config), "--supergraph", str(world.schema)]
        try:
            ran = subprocess.run(
                command if "server" in text else [*command, "--port", "0"],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=KILLED_AFTER_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"{name}: it is served"
        told = ran.stderr + ran.stdout
        missing = [word for word in (f"{config}:{line}:", *words) if word not in told]
        return f"{name}: without {missing}: {told[-200:]}" if missing or ran.returncode == 0 else None

    with ThreadPoolExecutor(2) as threads:
        faults = [fault for fault in threads.map(refused, MEANINGLESS) if fault is not None]
    if faults:
        raise AttackSucceeded("; ".join(faults))
    return f"{len(MEANINGLESS)} refused, each with its line, its key and what helps"


def unlisted_texts(world: World) -> str:
    """A megabyte of tokens, and one of comments, to a gateway that answers deployed operations alone."""
    manifest = world.folder / "manifest"
    manifest.mkdir()
    (manifest / "Me.graphql").write_text("query Me { me { name } }", encoding="utf-8")
    codes = []
    with world.another_gateway("listed", {"persisted": {"manifest": str(manifest), "safelist": True}}) as gateway:
        for text in ("{ " + "a " * 490_000 + "}", "#\n" * 300_000 + "{ me { name } }"):
            answer = gateway.http.post("/graphql", json={"query": text}, timeout=DEADLINE_SECONDS).json()
            codes.append(answer["errors"][0]["extensions"]["code"])
        if gateway.ask("query Me {\n  me { name },\n}").json() != {"data": {"me": {"name": "ann"}}}:
            raise AttackSucceeded("deployed operations are not answered")
    return ", ".join(dict.fromkeys(codes))


def deaf_parent(world: World) -> str:
    """Workers that are replaced by ones that never get ready; meanwhile one is killed, and then all is to stop."""
    settings = {
        "server": {"workers": 2, "drain_seconds": DRAIN_SECONDS},
        "supergraph": {"path": str(world.folder / "deaf" / "supergraph.graphql"), "watch": False},
    }
    with world.another_gateway("deaf", settings) as gateway:
        schema = world.folder / "deaf" / "supergraph.graphql"
        old = _workers(gateway)
        # Who reads it waits for a writer, and none comes.
        schema.unlink()
        os.mkfifo(schema)
        gateway.process.send_signal(signal.SIGHUP)
        _wait_for(lambda: len(_workers(gateway) - old) == 1, "no worker is replaced")
        # Of the place that is not replaced yet: the other one has its successor already.
        os.kill(max(old), signal.SIGKILL)
        _wait_for(lambda: len(_workers(gateway) - old) == 2, "a worker that died is not restarted")
        if gateway.ask("{ me { name } }").json() != {"data": {"me": {"name": "ann"}}}:
            raise AttackSucceeded("others are not served")
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        try:
            status = gateway.process.wait(KILLED_AFTER_SECONDS)
        except subprocess.TimeoutExpired:
            gateway.process.kill()
            raise AttackSucceeded(f"SIGTERM is not heard for {KILLED_AFTER_SECONDS:.0f} s") from None
    return f"status {status}, {time.monotonic() - began:.1f} s after SIGTERM"


def made_up_parents(world: World) -> str:
    """Trace contexts that are malformed: no span may hang under one, whole or mended."""
    spans = world.folder / "spans.jsonl"
    hooks = world.folder / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(RECORDER.format(path=str(spans)), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(hooks), str(ROOT)))}
    trace, parent = secrets.token_hex(16), secrets.token_hex(8)
    malformed = (
        "", "garbage", f"00-{trace}-{parent}", f"00-{trace}-{parent}-01-more", f"ff-{trace}-{parent}-01",
        f"00-{trace.upper()}-{parent}-01", f"00-{'0' * 32}-{parent}-01", f"00-{trace}-{'0' * 16}-01",
        f"00-{trace[:-1]}-{parent}-01", f"00_{trace}_{parent}_01", f"00-{trace}-{parent}-zz",
    )  # fmt: skip
    with world.another_gateway("traced", {}, environment=environment) as gateway:
        for number, header in enumerate(malformed):
            gateway.ask(f"query Malformed{number} {{ me {{ name }} }}", headers={"traceparent": header})
        gateway.ask("query Good { me { name } }", headers={"traceparent": f"00-{trace}-{parent}-01"})
        _wait_for(lambda: spans.exists() and "query Good" in spans.read_text(encoding="utf-8"), "no span is recorded")
        recorded = [json.loads(line) for line in spans.read_text(encoding="utf-8").splitlines()]
    parents = {span["name"]: span["parent"] for span in recorded}
    for number, header in enumerate(malformed):
        if parents[f"query Malformed{number}"] is not None:
            raise AttackSucceeded(f"{header!r} has a span under {parents[f'query Malformed{number}']}")
    if parents["query Good"] != parent:
        raise AttackSucceeded("a well-formed context is not continued")
    return f"{len(malformed)} spans without a parent, and one with its own"


RECORDER: Final = """
import json
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

class Exporter(SpanExporter):
    def export(self, spans):
        with open({path!r}, "a", encoding="utf-8") as file:
            for span in spans:
                parent = format(span.parent.span_id, "016x") if span.parent is not None else None
                file.write(json.dumps({{"name": span.name, "parent": parent}}) + "\\n")
        return SpanExportResult.SUCCESS

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(Exporter()))
trace.set_tracer_provider(provider)
"""
"""Python runs it at the start of a process: what ``opentelemetry-instrument`` does, with a file."""


def unlinked_directives(world: World) -> str:
    """A supergraph put into service that uses access or sizes as the specification does not: the old one must stay."""
    good = world.schema.read_text(encoding="utf-8")
    link = '@link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)'
    changes = {
        "access without its link": (link, ""),
        "a later access": (link, link.replace("v0.1", "v9.9")),
        "a size by what is no argument": ('slicingArguments: ["ids"]', 'slicingArguments: ["idz"]'),
        "a size of what is no field": ('"more.edges"', '"less.edges"'),
        "a weight that is no number": ("@cost(weight: 90)", '@cost(weight: "much")'),
    }
    try:
        for name, (before, after) in changes.items():
            if before not in good:
                raise AttackSucceeded(f"the supergraph has no {before}")
            refused = _refusals(world)
            _replace(world.schema, good.replace(before, after))
            _wait_for(lambda refused=refused: _refusals(world) > refused or _is_open(world), f"{name} is served")
            if _is_open(world):
                raise AttackSucceeded(f"{name}: what demands a caller is open")
    finally:
        _replace(world.schema, good)
    return f"{len(changes)} refused, the schema in service stays"


def _refusals(world: World) -> int:
    return sum(event["event"] == "supergraph.refused" for event in world.gateway.log())


def _is_open(world: World) -> bool:
    return bool(world.ask("{ secret }").get("data") == {"secret": "s"})


def _replace(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    shutil.move(beside, path)


def _workers(gateway: RunningGateway) -> set[int]:
    """The workers of a gateway: Python starts another process beside them, which looks after shared resources."""
    children = family(gateway.process.pid)[1:]
    return {pid for pid in children if b"spawn_main" in _command(pid)}


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


def _wait_for(is_true: Any, otherwise: str) -> None:
    """Return when it is true.

    Raises:
        AttackSucceeded: it is not, long after it should be.
    """
    until = time.monotonic() + DEADLINE_SECONDS
    while not is_true():
        if time.monotonic() > until:
            raise AttackSucceeded(otherwise)
        time.sleep(0.02)


ATTACKS = (
    Attack("1.1", "a megabyte of tokens to a safelist", unlisted_texts),
    Attack("1.7", "SIGTERM while no new worker gets ready", deaf_parent, max_cpu_ms=20_000),
    Attack("1.8", f"{len(MEANINGLESS)} settings that mean nothing", meaningless_settings, max_cpu_ms=60_000),
    Attack("1.11", "malformed trace contexts", made_up_parents, max_cpu_ms=20_000),
    Attack("2.7", "a schema with directives that nothing links", unlinked_directives),
)
