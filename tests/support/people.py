"""The real user and notification services, each on a database, and a channel that keeps what it is given; a test does the workers' part."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx
from argon2 import PasswordHasher
from sqlalchemy import select

from subgraphs.kit.messaging.jobs import is_due
from subgraphs.kit.runtime.client import ServiceUnavailable
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.notification import commands
from subgraphs.notification.app import create_notification_app
from subgraphs.notification.delivering import DeliveryDependencies, deliver
from subgraphs.notification.model import Channel, Notice, Topic
from subgraphs.notification.resources import NotificationResources
from subgraphs.notification.seed import seed
from subgraphs.notification.settings import MIGRATIONS as NOTIFICATION_MIGRATIONS
from subgraphs.notification.settings import NotificationSettings
from subgraphs.notification.tables import DeliveryRow, NotificationRow
from subgraphs.user.app import create_user_app
from subgraphs.user.outgoing import deliver_due
from subgraphs.user.passwords import Passwords
from subgraphs.user.resources import UserResources
from subgraphs.user.settings import MIGRATIONS as USER_MIGRATIONS
from subgraphs.user.settings import UserSettings
from subgraphs.user.tables import Account, Outbox
from subgraphs.user.tokens import TokenKeys
from tests.laboratory.crashes import Crashed, CrashPoint
from tests.laboratory.money_faults import Outage
from tests.laboratory.money_trade import ask
from tests.support.bank import Servers
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS, account
from tests.support.letters import RecordingChannel
from tests.support.orders import NOWHERE, MovedClock
from tests.support.ports import free_port
from tests.support.subgraphs import SubgraphUnderTest

ORDER = "order.shipped"
ROUND = timedelta(minutes=3)
"""Between two rounds of a worker: longer than a lease and than the first pauses."""

SIGN_UP = """mutation ($email: String!) { signUp(input: {email: $email, password: "correct horse", displayName: "Ann"}) {
  __typename ... on SignInSuccess { account { id } } } }"""
VERIFY = """mutation ($token: String!) { verifyEmail(token: $token) { __typename } }"""


@dataclass(slots=True)
class People:
    """The services.

    Attributes:
        clock: The workers'; the services' own stay right.
        crash: Where the next process ends.
        notification_outage: What notification does not answer to user.
    """

    user: SubgraphUnderTest
    users: UserResources
    notices: NotificationResources
    channel: RecordingChannel
    clock: MovedClock = field(default_factory=MovedClock)
    crash: CrashPoint = field(default_factory=CrashPoint)
    notification_outage: Outage = field(default_factory=Outage)

    @property
    def dependencies(self) -> DeliveryDependencies:
        """What delivers messages, by the workers' clock."""
        return replace(self.notices.dependencies, channels={Channel.EMAIL: self.channel}, clock=self.clock)

    async def sign_up(self, email: str) -> str | None:
        """The id of the account with the address, signed up now or before; None when the service does not answer."""
        await ask(self.user, SIGN_UP, {"email": email}, account("nobody"))
        async with self.users.database.reading() as session:
            found: str | None = await session.scalar(select(Account.id).where(Account.email == email))
        return found

    async def verify(self, account_id: str) -> None:
        """Open the link of the message that verifies the address."""
        token = await self.users.verification.token_for(account_id)
        if token is not None:
            await ask(self.user, VERIFY, {"token": token}, account(account_id, "BUYER"))

    async def tell(self, account_id: str) -> None:
        """Tell the account of an order, as the worker does for each entry of order's stream, perhaps again."""
        notice = Notice(ORDER, Topic.ORDER, account_id, "order-9", "YM-9", {"order_number": "YM-9"})
        channels, now = [Channel.EMAIL], self.notices.clock()
        await commands.tell(
            self.notices.database, notice, event_id=str(uuid5(UUID(account_id), ORDER)), channels=channels, now=now
        )

    async def work(self) -> None:
        """Deliver once what is due in both services, some minutes later than the last time."""
        self.clock.advance(ROUND)
        with suppress(Crashed):
            await deliver_due(self.users.database, self.users.notification, clock=self.clock)
        async with self.notices.database.reading() as session:
            due = list(await session.scalars(select(DeliveryRow.id).where(is_due(DeliveryRow, self.clock()))))
        for delivery_id in due:
            with suppress(Exception, Crashed):
                await deliver(self.dependencies, delivery_id)

    async def messages(self, account_id: str) -> list[tuple[str, str, int]]:
        """What the account was told: the template, the delivery's status, and how often the channel was given it."""
        async with self.notices.database.reading() as session:
            rows = await session.execute(
                select(NotificationRow.template_key, DeliveryRow.id, DeliveryRow.status)
                .join(DeliveryRow, DeliveryRow.notification_id == NotificationRow.id)
                .where(NotificationRow.account_id == account_id)
            )
            told = [(row.template_key, row.id, row.status) for row in rows]
        given = [message.id for message in self.channel.sent]
        return [(key, status, given.count(delivery_id)) for key, delivery_id, status in told]

    async def unfinished(self, account_id: str) -> list[Any]:
        """What is left of the account in user's outbox, and of the deliveries."""
        async with self.users.database.reading() as session:
            events = select(Outbox.type).where(Outbox.subject == account_id, Outbox.settled_at.is_(None))
            left: list[Any] = list(await session.scalars(events))
        async with self.notices.database.reading() as session:
            left += await session.scalars(
                select(DeliveryRow.last_error)
                .join(NotificationRow, NotificationRow.id == DeliveryRow.notification_id)
                .where(NotificationRow.account_id == account_id, DeliveryRow.settled_at.is_(None))
            )
        return left


@asynccontextmanager
async def running_people(
    folder: Path, *, user_database_url: str, notification_database_url: str, redis_url: str
) -> AsyncIterator[People]:
    """Both services, running; each asks the other over HTTP."""
    ports = {"user": free_port(), "notification": free_port()}
    urls = {name: f"http://127.0.0.1:{port}/graphql" for name, port in ports.items()}
    common: dict[str, Any] = {
        "data_dir": folder,
        "redis_url": redis_url,
        "service_keys": SERVICE_KEYS,
        "cursor_keys": CURSOR_KEYS,
        "config_url": NOWHERE,
    }
    keys = folder / "keys" / "user-tokens.json"
    TokenKeys.rotate(keys)
    user_settings = UserSettings(
        **common, database_url=user_database_url, notification_url=urls["notification"], token_keys_file=keys
    )
    notification_settings = NotificationSettings(
        **common, database_url=notification_database_url, user_url=urls["user"]
    )
    await upgrade(user_settings.database, USER_MIGRATIONS)
    await upgrade(notification_settings.database, NOTIFICATION_MIGRATIONS)
    (folder / "orders.jsonl").touch()
    await seed(notification_settings, folder)
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    # Without the loops: the test does what they do.
    users = replace(UserResources.open(user_settings, passwords=cheap), loops=())
    notices = NotificationResources.open(notification_settings)
    async with (
        Servers() as servers,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports['user']}", trust_env=False, timeout=20) as http,
    ):
        await servers.serve(create_notification_app(notification_settings, notices), port=ports["notification"])
        await servers.serve(create_user_app(user_settings, users), port=ports["user"])
        people = People(SubgraphUnderTest(http), users, notices, RecordingChannel())
        people.notification_outage.put_into(
            users.notification._client, "execute", lambda: ServiceUnavailable("notification", "away")
        )
        with people.crash.installed():
            yield people
