"""The queries and the subscription of the notification schema."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Any

import strawberry
from strawberry import federation

from subgraphs.kit.graph.errors import Fault
from subgraphs.kit.runtime.json_values import parse_json
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.notification import model, queries, templates
from subgraphs.notification.graph.context import Info
from subgraphs.notification.graph.types import Notification, RenderedTemplate, Template
from subgraphs.notification.model import Channel
from subgraphs.notification.templates import Text

LISTEN_SECONDS = 0.5

_ADMINS: Any = {"requires_scopes": [["notifications:admin"]], "tags": ["admin"]}


@strawberry.type
class Query:
    @federation.field(**_ADMINS)
    async def notification_templates(
        self, info: Info, key: Annotated[str, model.TEMPLATE_KEY] | None = None
    ) -> list[Template] | None:
        """The newest version of each text."""
        async with info.context.resources.database.reading() as session:
            return [Template.of(row) for row in await queries.newest_templates(session, key=key)]

    @federation.field(**_ADMINS)
    async def preview_template(
        self,
        info: Info,
        key: Annotated[str, model.TEMPLATE_KEY],
        channel: Channel,
        locale: Annotated[str, model.LOCALE],
        data_json: Annotated[str, model.DATA_JSON],
    ) -> RenderedTemplate | None:
        """A text with the data filled in; what is missing is named, and shown in braces."""
        try:
            variables = parse_json(data_json, "dataJson", most=model.DATA_JSON.most)
        except InvalidInput as refusal:
            raise Fault("BAD_USER_INPUT", str(refusal)) from refusal
        if not isinstance(variables, dict):
            raise Fault("BAD_USER_INPUT", "dataJson is not an object")
        async with info.context.resources.database.reading() as session:
            row = await queries.template(session, key, channel, locale)
        if row is None:
            raise Fault("NOT_FOUND", "There is no such text")
        try:
            return RenderedTemplate.of(templates.render(Text(row.subject, row.body), variables))
        except InvalidInput as refusal:
            raise Fault(refusal.code, str(refusal)) from refusal


@strawberry.type
class Subscription:
    @federation.field(authenticated=True, is_subscription=True)
    async def notification_received(self, info: Info) -> AsyncGenerator[Notification | None, None]:
        """What the caller is told from now on.

        Rows are read by the time they were told, with an overlap, and remembered by id: a row that commits late is not missed.
        """
        resources, account_id = info.context.resources, info.context.account_id
        since = resources.clock()
        seen: set[str] = set()
        while True:
            async with resources.database.reading() as session:
                rows = await queries.told_since(session, account_id, since)
            for row in rows:
                if row.id not in seen:
                    seen.add(row.id)
                    yield Notification.of(row)
            await asyncio.sleep(LISTEN_SECONDS)
