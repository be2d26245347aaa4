"""The commands: ``run``, ``dead``, ``redrive``, ``market generate``, ``train``, ``evaluate``. Thin: reads arguments, calls, prints."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from subgraphs.kit.messaging.task_queue import QueueUnavailable
from subgraphs.kit.storage.faults import DatabaseUnavailable
from workers.demo_market import online_retail
from workers.demo_market.files import write
from workers.demo_market.generate import Plan, generate
from workers.demo_market.online_retail import RetailUnreadable
from workers.settings import RunSettings, WorkerSettings
from workers.training import artefact, next_basket
from workers.training.fit import TooLittleToLearn
from workers.training.replay import Replay
from workers.training.source import History, SourceUnreadable, demo_accounts, read
from workers.training.train import Trained, train


def main(arguments: Sequence[str], *, settings: WorkerSettings, run_settings: Callable[[], RunSettings]) -> int:
    """Runs one command; the exit status is 0, 1 when it failed, 2 for wrong arguments or settings, 3 when `redrive` finds no id.

    Args:
        run_settings: reads the settings of `run`, `dead` and `redrive`, which alone need the services' keys.
    """
    options = _parser(settings).parse_args(arguments)
    options.run_settings = run_settings
    status: int = options.run(options)
    return status


def _parser(settings: WorkerSettings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    commands.add_parser("run", help="work the queue until stopped").set_defaults(run=_run)
    commands.add_parser("dead", help="list the jobs that were given up, with their causes").set_defaults(run=_dead)
    revived = commands.add_parser("redrive", help="bring dead jobs back with fresh attempts, slowly")
    revived.add_argument("ids", nargs="*", metavar="ID", help="as `dead` lists them; all if there is none")
    revived.set_defaults(run=_redrive)

    market = commands.add_parser("market", help="the demo market").add_subparsers(required=True, metavar="COMMAND")
    made = market.add_parser("generate", help="make the demo market's files")
    made.add_argument("--out", type=Path, default=settings.market_dir, metavar="DIR")
    made.add_argument("--seed", type=int, default=7)
    made.add_argument("--until", type=_instant, default=None, metavar="RFC3339", help="the last instant; now if absent")
    made.set_defaults(run=_generate)

    trained = commands.add_parser("train", help="train a ranking model, measure it, write it")
    trained.add_argument("--market", type=Path, default=settings.market_dir, metavar="DIR")
    trained.add_argument("--out", type=Path, default=settings.model_dir, metavar="DIR")
    trained.add_argument("--seed", type=int, default=settings.training_seed)
    trained.add_argument("--niceness", type=int, default=0, help="how far to stand back for other processes, 0..19")
    trained.add_argument("--register", action="store_true", help="put it into the recommendation database as well")
    trained.set_defaults(run=_train)

    measured = commands.add_parser("evaluate", help="rank real orders: popularity, item-to-item, model")
    measured.add_argument("--retail", type=Path, required=True, metavar="online_retail.csv.gz")
    measured.add_argument("--seed", type=int, default=settings.training_seed)
    measured.set_defaults(run=_evaluate)
    return parser


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError("an instant needs its offset, as in 2026-01-31T12:00:00Z")
    return instant


def _run(options: argparse.Namespace) -> int:
    from subgraphs.kit.messaging.server_version import ServerTooOld, refuse_unsupported
    from subgraphs.kit.runtime.server import serve
    from workers.actors.registry import OPENERS
    from workers.run import create_worker_app

    settings = _run_settings(options)
    if settings is None:
        return 2
    try:
        refuse_unsupported(settings.redis_url)
    except ServerTooOld as refusal:
        print(f"worker: {refusal}", file=sys.stderr)
        return 2
    return serve(create_worker_app(settings, OPENERS), host=settings.host, port=settings.port)


def _dead(options: argparse.Namespace) -> int:
    from workers.actors.registry import OPENERS
    from workers.dead import dead

    settings = _run_settings(options)
    if settings is None:
        return 2
    try:
        found = asyncio.run(dead(settings, OPENERS))
    except (QueueUnavailable, DatabaseUnavailable, SQLAlchemyError) as error:
        print(f"cannot list: {error}", file=sys.stderr)
        return 1
    for each in found:
        print(each.line)
    print(f"{len(found)} given up" if found else "nothing was given up")
    return 0


def _redrive(options: argparse.Namespace) -> int:
    from subgraphs.kit.runtime.cli import report_unknown_ids
    from workers.actors.registry import OPENERS
    from workers.dead import redrive

    settings = _run_settings(options)
    if settings is None:
        return 2
    try:
        revived = asyncio.run(redrive(settings, OPENERS, options.ids))
    except (QueueUnavailable, DatabaseUnavailable, SQLAlchemyError) as error:
        print(f"cannot redrive: {error}", file=sys.stderr)
        return 1
    for place, count in revived.items():
        if count or not options.ids:
            print(f"{place}: {count} brought back")
    return report_unknown_ids(options.ids) if options.ids and not any(revived.values()) else 0


def _run_settings(options: argparse.Namespace) -> RunSettings | None:
    from subgraphs.kit.runtime.cli import configured

    read_settings: Callable[[], RunSettings] = options.run_settings
    return configured("worker", read_settings)


def _train(options: argparse.Namespace) -> int:
    os.nice(options.niceness)
    try:
        replay = Replay(read(options.market))
        trained = train(replay, seed=options.seed, trained_at=datetime.now(UTC))
    except (SourceUnreadable, TooLittleToLearn) as error:
        print(f"cannot train: {error}", file=sys.stderr)
        return 1
    artefact.write(trained, options.out)
    print(trained.report.table())
    print(f"model {trained.manifest['version']} in {options.out}")
    return _register(options, replay, trained) if options.register else 0


def _register(options: argparse.Namespace, replay: Replay, trained: Trained) -> int:
    from workers.actors.registration import register_all

    settings = _run_settings(options)
    if settings is None:
        return 2
    demo = demo_accounts(options.market)
    registered = asyncio.run(register_all(settings.recommendation_database, replay, trained, rank_first=demo))
    print(f"registered as {registered.status}: {registered.profiles} profiles, {registered.slates} slates ranked ahead")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    try:
        orders = online_retail.read(options.retail)
    except RetailUnreadable as error:
        print(f"cannot evaluate: {error}", file=sys.stderr)
        return 1
    history = History(orders.catalogue, orders.events, frozenset(), orders.until)
    print(f"{'next basket':<16}{'NDCG@10':>10}{'recall@50':>12}")
    for rung in next_basket.evaluate(history, seed=options.seed):
        print(f"{rung.name:<16}{rung.ndcg_at_10:>10.4f}{rung.recall_at_50:>12.4f}")
    return 0


def _generate(options: argparse.Namespace) -> int:
    until = options.until or datetime.now(UTC)
    counts = write(generate(Plan(seed=options.seed, until=float(int(until.timestamp())))), options.out)
    print(f"market of seed {options.seed} in {options.out}: " + ", ".join(f"{n} {kind}" for kind, n in counts.items()))
    return 0
