"""The queries of the user schema."""

from typing import Annotated

import strawberry
from strawberry import federation

from subgraphs.kit.graph.errors import Fault
from subgraphs.kit.graph.lookup_keys import check_one_key
from subgraphs.kit.graph.scalars import Id
from subgraphs.kit.runtime.identity import scopes_of
from subgraphs.user import model
from subgraphs.user.graph.context import Info
from subgraphs.user.graph.types import Account, Buyer, Seller, Viewer, account_of
from subgraphs.user.model import Role

NOTIFICATION = "notification"
"""The one caller that is given tokens to verify addresses."""


@strawberry.type
class Query:
    @federation.field(authenticated=True)
    async def viewer(self, info: Info) -> Viewer | None:
        """The account that asks, with the roles that it has now; nothing when it is gone."""
        account_id, loaders = info.context.account_id, info.context.loaders
        account = await loaders.account.load(account_id)
        shown = await account_of(info, account_id)
        if account is None or shown is None:
            return None
        buyer, seller = await loaders.buyer.load(account_id), await loaders.seller.load(account_id)
        return Viewer(
            account=shown,
            buyer=None if buyer is None else Buyer.of(buyer),
            seller=None if seller is None else Seller.of(seller),
            roles=[Role(name) for name in account.roles],
            scopes=sorted(scopes_of(account.roles)),
        )

    @strawberry.field
    async def seller(
        self, info: Info, id: Id | None = None, slug: Annotated[str, model.SLUG] | None = None
    ) -> Seller | None:
        """A seller by id or by slug."""
        check_one_key(id=id, slug=slug)
        return await Seller.resolve_reference(info, id=id, slug=slug)

    @federation.field(
        inaccessible=True,
        tags=["internal"],
        description="notification -> user, for the message that verifies an address; null when it is verified",
    )
    async def verification_token(self, info: Info, account_id: Id) -> str | None:
        """A token to send to the account's address."""
        if info.context.identity.caller != NOTIFICATION:
            raise Fault("FORBIDDEN", "Only the notification service is given these tokens")
        return await info.context.resources.verification.token_for(account_id)

    @federation.field(requires_scopes=[["admin:users"]], tags=["admin"])
    async def account(self, info: Info, id: Id) -> Account | None:
        """Any account by id."""
        return await account_of(info, id)
