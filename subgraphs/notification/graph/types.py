"""The types of the notification schema. What belongs to another account answers as if there were nothing."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from subgraphs.kit.graph.connections import PageSize, edges, page_info, sized_list
from subgraphs.kit.graph.errors import ValidationError
from subgraphs.kit.graph.scalars import Cursor, Node, PageInfo
from subgraphs.kit.storage.pagination import Page, PageRequest, empty_page
from subgraphs.notification import model
from subgraphs.notification.graph.context import Info
from subgraphs.notification.model import Channel, DeliveryStatus, Topic
from subgraphs.notification.queries import InboxRequest
from subgraphs.notification.tables import AttemptRow, DeliveryRow, NotificationRow, TemplateRow
from subgraphs.notification.templates import Rendered, Text, problem_of

strawberry.enum(Channel)
strawberry.enum(Topic)
strawberry.enum(DeliveryStatus)


@federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)])
class Order:
    id: strawberry.ID
    number: str = federation.field(external=True)


@strawberry.type
class DeliveryAttempt:
    at: datetime
    status: DeliveryStatus
    provider_message_id: str | None
    error: str | None

    @classmethod
    def of(cls, row: AttemptRow) -> "DeliveryAttempt":
        """The type of a row."""
        return cls(
            at=row.at,
            status=DeliveryStatus(row.status),
            provider_message_id=row.provider_message_id,
            error=row.error,
        )


@strawberry.type
class Delivery:
    id: strawberry.ID
    channel: Channel
    status: DeliveryStatus
    template_version: str

    @classmethod
    def of(cls, row: DeliveryRow) -> "Delivery":
        """The type of a row."""
        return cls(
            id=strawberry.ID(row.id),
            channel=Channel(row.channel),
            status=DeliveryStatus(row.status),
            template_version=row.template_version,
        )

    @strawberry.field
    async def attempts(self, info: Info) -> list[DeliveryAttempt]:
        return [DeliveryAttempt.of(row) for row in await info.context.loaders.attempts.load(self.id)]


@federation.type(keys=["id"])
class Notification(Node):
    row: strawberry.Private[NotificationRow]
    topic: Topic
    title: str
    body: str
    created_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, row: NotificationRow) -> "Notification":
        """The type of a row."""
        return cls(
            row=row,
            id=strawberry.ID(row.id),
            topic=Topic(row.topic),
            title=row.title,
            body=row.body,
            created_at=row.created_at,
            read_at=row.read_at,
        )

    @federation.field(provides=["number"])
    def order(self) -> Order | None:
        if self.row.order_id is None or self.row.order_number is None:
            return None
        return Order(id=strawberry.ID(self.row.order_id), number=self.row.order_number)

    @federation.field(requires_scopes=[["support:notifications"]], tags=["admin"])
    async def deliveries(self, info: Info) -> list[Delivery] | None:
        return [Delivery.of(row) for row in await info.context.loaders.deliveries.load(self.id)]

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Notification | None":
        """The notification by id, for its account and for support."""
        row = await info.context.loaders.notification.load(id)
        identity = info.context.identity
        may_see = row is not None and (
            row.account_id == identity.subject or identity.is_service or "support:notifications" in identity.scopes
        )
        return cls.of(row) if row is not None and may_see else None


@strawberry.type
class NotificationEdge:
    cursor: str
    node: Notification


@strawberry.type
class NotificationConnection:
    page: strawberry.Private[Page[NotificationRow]]

    @strawberry.field
    def edges(self) -> list[NotificationEdge]:
        return edges(self.page, lambda cursor, row: NotificationEdge(cursor=cursor, node=Notification.of(row)))

    @strawberry.field
    def page_info(self) -> PageInfo:
        return page_info(self.page)


@strawberry.type
class NotificationPreference:
    topic: Topic
    channel: Channel
    enabled: bool
    locked: bool


@federation.interface_object(keys=["id"])
class Account:
    id: strawberry.ID

    @federation.field(authenticated=True, directives=[sized_list()])
    async def notifications(
        self,
        info: Info,
        first: PageSize | None = 20,
        after: Cursor | None = None,
        last: PageSize | None = None,
        before: Cursor | None = None,
        unread_only: bool | None = False,
    ) -> NotificationConnection | None:
        if info.context.identity.subject != self.id:
            return NotificationConnection(page=empty_page())
        wanted = InboxRequest(PageRequest(first, after, last, before), only_unread=bool(unread_only))
        return NotificationConnection(page=await info.context.loaders.inbox.load((self.id, wanted)))

    @federation.field(authenticated=True)
    async def unread_notification_count(self, info: Info) -> int | None:
        if info.context.identity.subject != self.id:
            return 0
        return await info.context.loaders.unread.load(self.id) or 0

    @federation.field(authenticated=True)
    async def notification_preferences(self, info: Info) -> list[NotificationPreference] | None:
        if info.context.identity.subject != self.id:
            return []
        chosen = await info.context.loaders.choices.load(self.id) or {}
        return [
            NotificationPreference(topic=each.topic, channel=each.channel, enabled=each.enabled, locked=each.locked)
            for each in model.preferences(chosen)
        ]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Account":
        """Any account: who it is, is the user service's to know."""
        return cls(id=id)


@strawberry.type
class Template:
    id: strawberry.ID
    key: str
    channel: Channel
    locale: str
    version: int
    subject: str | None
    body: str

    @classmethod
    def of(cls, row: TemplateRow) -> "Template":
        """The type of a row."""
        return cls(
            id=strawberry.ID(row.id),
            key=row.key,
            channel=Channel(row.channel),
            locale=row.locale,
            version=row.version,
            subject=row.subject,
            body=row.body,
        )

    @strawberry.field(description="Why this version is not sent, and an older one is; null for one that is")
    def problem(self) -> str | None:
        return problem_of(Text(self.subject, self.body), self.key, self.channel)


@strawberry.type
class RenderedTemplate:
    subject: str | None
    body: str
    missing_variables: list[str]

    @classmethod
    def of(cls, rendered: Rendered) -> "RenderedTemplate":
        """The type of a rendered text."""
        return cls(subject=rendered.subject, body=rendered.body, missing_variables=list(rendered.missing))


@strawberry.type
class PreferencesSuccess:
    account: Account | None


@strawberry.type
class MarkReadSuccess:
    account: Account | None
    updated: int


@strawberry.type
class TemplateSuccess:
    template: Template


UpdatePreferencesResult = Annotated[PreferencesSuccess | ValidationError, strawberry.union("UpdatePreferencesResult")]
SaveTemplateResult = Annotated[TemplateSuccess | ValidationError, strawberry.union("SaveTemplateResult")]
