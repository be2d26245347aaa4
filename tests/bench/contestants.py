"""The gateways that are measured: how each is started. Sharing of equal client requests is off in all of them."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).parent / "peers"

_HIVE_CONFIG = """
import { defineConfig } from "@graphql-hive/gateway";
%(import)s
export const gatewayConfig = defineConfig({ inboundInflightRequestDeduplication: false, logging: "error" %(handler)s });
"""
_APOLLO = """
import { ApolloServer } from "@apollo/server";
import { ApolloGateway } from "@apollo/gateway";
import { startStandaloneServer } from "@apollo/server/standalone";
import { readFileSync } from "node:fs";
const [supergraph, port] = process.argv.slice(2);
const server = new ApolloServer({ gateway: new ApolloGateway({ supergraphSdl: readFileSync(supergraph, "utf8") }) });
await startStandaloneServer(server, { listen: { port: Number(port), host: "127.0.0.1" } });
"""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A gateway, as a command.

    Attributes:
        command: with ``{supergraph}`` and ``{port}`` in it.
        folder: where it runs.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]


def ours() -> Contestant:
    """This project's gateway: one process, nothing configured."""
    command = (sys.executable, "-m", "gateway", "serve", "--supergraph", "{supergraph}", "--host", "127.0.0.1")
    return Contestant("yarmarka", (*command, "--port", "{port}"), ROOT / "tests" / "bench", {"PYTHONPATH": str(ROOT)})


def peers(folder: Path) -> list[Contestant]:
    """The gateways from npm that `folder` holds; their configurations are written there."""
    production = {"NODE_ENV": "production"}
    hive = ("node_modules/.bin/hive-gateway", "supergraph", "{supergraph}", "--host", "127.0.0.1", "--port", "{port}")
    found: list[Contestant] = []
    if (folder / "node_modules/@graphql-hive/gateway").exists():
        plain = _write(folder, "bench-hive.config.ts", _HIVE_CONFIG % {"import": "", "handler": ""})
        command = (*hive, "--fork", "1", "--config-path", plain)
        found.append(Contestant("hive --jit", (*command, "--jit"), folder, production))
        if (folder / "node_modules/@graphql-hive/router-runtime").exists():
            parts = {
                "import": 'import { unifiedGraphHandler } from "@graphql-hive/router-runtime";',
                "handler": ", unifiedGraphHandler",
            }
            rust = _write(folder, "bench-hive-rust.config.ts", _HIVE_CONFIG % parts)
            found.append(Contestant("hive rust", (*hive, "--fork", "1", "--config-path", rust), folder, production))
    if (folder / "node_modules/@apollo/gateway").exists():
        script = _write(folder, "bench-apollo.mjs", _APOLLO)
        found.append(Contestant("apollo", ("node", script, "{supergraph}", "{port}"), folder, production))
    return found


def install_peers(folder: Path) -> str | None:
    """Installs the peers from npm unless they are there; gives the reason if that cannot be done."""
    if (folder / "node_modules").exists():
        return None
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "Node is not on PATH"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(PEERS / "package.json", folder / "package.json")
    command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel", "error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    return None if done.returncode == 0 else f"npm install failed: {done.stderr.strip()[-200:]}"


def _write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return name
