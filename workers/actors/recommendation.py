"""Recommendation's actors: take behaviour in, rank slates, keep the copy of the catalogue. Queues `behaviour` and `slates`."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog

from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.messaging.task_queue import TaskQueue
from subgraphs.kit.runtime.client import GraphQLClient, ServiceError
from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.runtime.identity import ServiceTokens
from subgraphs.kit.storage.relay import announcing
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation import commands, repository
from subgraphs.recommendation.tables import BehaviourRow, InboxRow, RankingJobRow
from workers.actors.behaviour import BehaviourDependencies, take_in_order, work_off_stream
from workers.actors.catalogue import CatalogueChanges, refresh_catalogue, refresh_popularity
from workers.actors.draining import DRAIN_TIMEOUT_SECONDS, drain
from workers.actors.entries import waking, work_off_entries
from workers.actors.group import Actor, Group, JobTable
from workers.actors.market_state import MarketState
from workers.actors.slates import RankingDependencies, rank_slate
from workers.actors.sweeping import at_most_every, purging, waking_for_jobs
from workers.settings import RunSettings

BEHAVIOUR_QUEUE = "behaviour"
STREAM, ORDER_STREAM, GROUP = "behaviour", "orders.recommendation", "recommendation"
"""The feed's stream and order's, and our group of their readers; `feed.events` and `order.event_streams` have the same names."""

REFRESH_SECONDS = 60.0
PURGE_SECONDS = 60.0

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def opened(settings: RunSettings) -> AsyncIterator[Group]:
    """Recommendation's actors, with its database, the feed's stream and the catalog."""
    queue = TaskQueue(settings.redis_url)
    database = Database(settings.recommendation_database, on_committed=announcing(queue))
    stream = EventStream(settings.redis_url, name=STREAM, group=GROUP)
    ordered = EventStream(settings.redis_url, name=ORDER_STREAM, group=GROUP)
    tokens = ServiceTokens(settings.service_key_ring)
    catalog = GraphQLClient(settings.catalog_url, service="catalog", caller="recommendation", tokens=tokens)
    state = MarketState(database)
    changes = CatalogueChanges(database, catalog, since=utc_now())
    learner = BehaviourDependencies(database, stream, state, utc_now, consumer=f"{socket.gethostname()}-{os.getpid()}")
    ranker = RankingDependencies(database, state, utc_now)

    async def behaviour_tracked() -> int:
        return await work_off_stream(learner)

    async def behaviour_order() -> int:
        return await work_off_entries(ordered, learner.consumer, partial(take_in_order, learner))

    async def one(job_id: str) -> bool:
        return await rank_slate(ranker, job_id)

    async def ranked(job_id: str | None = None) -> int:
        return await one(job_id) if job_id is not None else await drain(database, RankingJobRow, one)

    async def purge_slates() -> int:
        async with database.transaction() as session:
            return await repository.purge_slates(session, now=utc_now())

    async def follow_changes() -> int:
        try:
            return await changes.follow()
        except ServiceError as error:
            _log.warning("catalogue.changes_failed", error=str(error))
            return 0

    async def refresh() -> int:
        await refresh_popularity(database, await state.market(), now=utc_now())
        try:
            return await refresh_catalogue(database, catalog)
        except ServiceError as error:
            _log.warning("catalogue.refresh_failed", error=str(error))
            return 0

    try:
        yield Group(
            actors=[
                Actor(BEHAVIOUR_QUEUE, "behaviour_tracked", behaviour_tracked),
                Actor(BEHAVIOUR_QUEUE, "behaviour_order", behaviour_order),
                Actor(commands.QUEUE, commands.ACTOR_NAME, ranked, DRAIN_TIMEOUT_SECONDS),
            ],
            checks={
                "recommendation_database": database.ready,
                "market": state.ready,
            },
            jobs=[JobTable("recommendation.ranking_jobs", database, RankingJobRow)],
            streams=[stream, ordered],
            sweeps={
                "behaviour.stream": waking(stream, queue, queue_name=BEHAVIOUR_QUEUE, actor_name="behaviour_tracked"),
                "behaviour.orders": waking(ordered, queue, queue_name=BEHAVIOUR_QUEUE, actor_name="behaviour_order"),
                "slates.jobs": waking_for_jobs(
                    database, RankingJobRow, queue, queue_name=commands.QUEUE, actor_name=commands.ACTOR_NAME
                ),
                "slates.purge": at_most_every(PURGE_SECONDS, purge_slates),
                "recommendation.inbox": purging(database, InboxRow, InboxRow.received_at, days=settings.inbox_days),
                "recommendation.behaviours": purging(
                    database, BehaviourRow, BehaviourRow.at, days=settings.behaviour_days
                ),
                "catalogue.changes": follow_changes,
                "catalogue.refresh": at_most_every(REFRESH_SECONDS, refresh),
            },
            loops=[state.loop],
        )
    finally:
        await catalog.close()
        await stream.close()
        await ordered.close()
        await queue.close()
        await database.close()
