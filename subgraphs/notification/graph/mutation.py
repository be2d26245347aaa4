"""The mutations of the notification schema: a command each, its refusals answered as members of the result union."""

import enum
from typing import Annotated, Any, assert_never

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost

from subgraphs.kit.graph.list_bounds import bounded
from subgraphs.kit.graph.scalars import Id
from subgraphs.notification import commands, model
from subgraphs.notification.graph.context import Info
from subgraphs.notification.graph.types import (
    Account,
    MarkReadSuccess,
    PreferencesSuccess,
    SaveTemplateResult,
    Template,
    TemplateSuccess,
    UpdatePreferencesResult,
)
from subgraphs.notification.model import Channel, Topic
from subgraphs.notification.templates import Text

MAX_IDS = 1_000
MAX_PREFERENCES = 50

_ADMINS: Any = {"requires_scopes": [["notifications:admin"]], "tags": ["admin"]}


@strawberry.input
class PreferenceInput:
    topic: Topic = federation.field(directives=[Cost(weight=1)])
    channel: Channel
    enabled: bool


@strawberry.input
class TemplateInput:
    key: Annotated[str, model.TEMPLATE_KEY]
    channel: Channel
    locale: Annotated[str, model.LOCALE]
    subject: Annotated[str, model.SUBJECT] | None = None
    body: Annotated[str, model.BODY]


@federation.enum(inaccessible=True)
class AccountEventType(enum.Enum):
    VERIFICATION_ASKED = "VERIFICATION_ASKED"
    EMAIL_VERIFIED = "EMAIL_VERIFIED"


@federation.input(inaccessible=True)
class AccountEventInput:
    event_id: Id
    type: AccountEventType
    account_id: Id


def _own_account(info: Info) -> Account:
    return Account(id=strawberry.ID(info.context.account_id))


@strawberry.type
class Mutation:
    @federation.mutation(authenticated=True)
    async def mark_notifications_read(
        self, info: Info, ids: Annotated[list[Id], strawberry.argument(directives=bounded(MAX_IDS))]
    ) -> MarkReadSuccess | None:
        """Mark the caller's own notifications as read."""
        resources = info.context.resources
        updated = await commands.mark_read(resources.database, info.context.account_id, ids, now=resources.clock())
        return MarkReadSuccess(account=_own_account(info), updated=updated)

    @federation.mutation(authenticated=True)
    async def update_notification_preferences(
        self,
        info: Info,
        preferences: Annotated[list[PreferenceInput], strawberry.argument(directives=bounded(MAX_PREFERENCES))],
    ) -> UpdatePreferencesResult | None:
        """Change the caller's choices, all or none."""
        chosen = {(each.topic, each.channel): each.enabled for each in preferences}
        await commands.choose(info.context.resources.database, info.context.account_id, chosen)
        return PreferencesSuccess(account=_own_account(info))

    @federation.mutation(authenticated=True)
    async def register_push_device(
        self, info: Info, token: Annotated[str, model.DEVICE_TOKEN], platform: Annotated[str, model.PLATFORM]
    ) -> bool | None:
        """Keep a device of the caller's for push messages."""
        resources = info.context.resources
        await commands.register_device(
            resources.database, info.context.account_id, token, platform, now=resources.clock()
        )
        return True

    @federation.mutation(
        inaccessible=True,
        tags=["internal"],
        description="user -> notification: what happened to an account; an event that comes again changes nothing",
    )
    async def record_account_event(self, info: Info, input: AccountEventInput) -> bool:
        """Tell the account what it is to do, or send what was held for it."""
        resources = info.context.resources
        now, database = resources.clock(), resources.database
        match input.type:
            case AccountEventType.VERIFICATION_ASKED:
                notice, channels = model.notice_to_verify(input.account_id), resources.channels_in_use
                await commands.tell(database, notice, event_id=input.event_id, channels=channels, now=now)
            case AccountEventType.EMAIL_VERIFIED:
                await commands.release_held(database, input.account_id, now=now)
            case _:
                assert_never(input.type)
        return True

    @federation.mutation(**_ADMINS)
    async def save_template(self, info: Info, input: TemplateInput) -> SaveTemplateResult | None:
        """Make a text the newest of its key, channel and locale."""
        resources = info.context.resources
        row = await commands.save_template(
            resources.database,
            input.key,
            input.channel,
            input.locale,
            Text(input.subject, input.body),
            now=resources.clock(),
        )
        return TemplateSuccess(template=Template.of(row))
