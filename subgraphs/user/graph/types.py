"""The types of the user schema."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import federation

from subgraphs.kit.graph.errors import Fault, NotFoundError, UserError, ValidationError, VersionConflictError
from subgraphs.kit.graph.scalars import Node
from subgraphs.kit.runtime.identity import Identity
from subgraphs.user import model, tables
from subgraphs.user.graph.context import Info
from subgraphs.user.model import Role

strawberry.enum(Role)


def may_see(identity: Identity, owner_id: str) -> bool:
    """True for the owner, an administrator, and a service that calls for itself."""
    return (
        identity.subject == owner_id
        or "admin:users" in identity.scopes
        or (identity.is_service and identity.subject is None)
    )


def _only_for(info: Info, owner_id: str) -> None:
    if not may_see(info.context.identity, owner_id):
        raise Fault("FORBIDDEN", "This belongs to another account")


@strawberry.type
class Address:
    id: strawberry.ID
    line1: str
    line2: str | None
    city: str
    postal_code: str
    country: str

    @classmethod
    def of(cls, row: tables.Address) -> "Address":
        """The type of a row."""
        return cls(
            id=strawberry.ID(row.id),
            line1=row.line1,
            line2=row.line2,
            city=row.city,
            postal_code=row.postal_code,
            country=row.country,
        )


@federation.interface(
    keys=["id"], description="Entity interface: other services extend every account without knowing its kinds"
)
class Account:
    id: strawberry.ID
    display_name: str
    created_at: datetime

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Account | None":
        """The account by id, as what it is."""
        return await account_of(info, id)


@federation.type(keys=["id"])
class Buyer(Account, Node):
    row: strawberry.Private[tables.Buyer]
    locale: str
    version: int

    @federation.field(requires_scopes=[["profile:read"]])
    def email(self, info: Info) -> str | None:
        """The e-mail address, for those who may see it."""
        _only_for(info, self.id)
        return self.row.email

    @federation.field(requires_scopes=[["profile:read"]])
    async def email_verified(self, info: Info) -> bool | None:
        """Whether the address is verified, for those who may see it. Until it is, nothing but the message that verifies it is sent there."""
        _only_for(info, self.id)
        account = await info.context.loaders.account.load(self.id)
        return account is not None and account.email_verified_at is not None

    @federation.field(requires_scopes=[["profile:read"]])
    def phone(self, info: Info) -> str | None:
        """The telephone number, for those who may see it; nothing for others."""
        return self.row.phone if may_see(info.context.identity, self.id) else None

    @federation.field(requires_scopes=[["profile:read"]])
    async def addresses(self, info: Info) -> list[Address] | None:
        """The addresses, for those who may see them."""
        _only_for(info, self.id)
        return [Address.of(row) for row in await info.context.loaders.addresses.load(self.id)]

    @classmethod
    def of(cls, row: tables.Buyer) -> "Buyer":
        """The type of a row."""
        return cls(
            row=row,
            id=strawberry.ID(row.id),
            display_name=row.display_name,
            created_at=row.created_at,
            locale=row.locale,
            version=row.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Buyer | None":
        """The buyer by id."""
        row = await info.context.loaders.buyer.load(id)
        return None if row is None else cls.of(row)


@federation.type(keys=["id", "slug"])
class Seller(Account, Node):
    row: strawberry.Private[tables.Seller]
    slug: str
    about: str | None
    logo_url: str | None
    verified: bool
    version: int

    @federation.field(requires_scopes=[["seller:finance"]])
    def payout_account(self, info: Info) -> str | None:
        """Where the money goes, for those who may see it; nothing for others."""
        return self.row.payout_account if may_see(info.context.identity, self.id) else None

    @classmethod
    def of(cls, row: tables.Seller) -> "Seller":
        """The type of a row."""
        return cls(
            row=row,
            id=strawberry.ID(row.id),
            display_name=row.display_name,
            created_at=row.created_at,
            slug=row.slug,
            about=row.about,
            logo_url=row.logo_url,
            verified=row.verified,
            version=row.version,
        )

    @classmethod
    async def resolve_reference(
        cls,
        info: Info,
        id: strawberry.ID | None = None,
        slug: str | None = None,
    ) -> "Seller | None":
        """The seller by either key."""
        loaders = info.context.loaders
        if id is not None:
            row = await loaders.seller.load(id)
        else:
            row = await loaders.seller_by_slug.load(slug) if slug is not None else None
        return None if row is None else cls.of(row)


async def account_of(info: Info, account_id: str) -> Buyer | Seller | None:
    """The account as a buyer, or as a seller when it is only that."""
    buyer = await info.context.loaders.buyer.load(account_id)
    if buyer is not None:
        return Buyer.of(buyer)
    seller = await info.context.loaders.seller.load(account_id)
    return None if seller is None else Seller.of(seller)


@strawberry.type
class Viewer:
    account: Account
    buyer: Buyer | None
    seller: Seller | None
    roles: list[Role]
    scopes: list[str]


@strawberry.input
class UpdateBuyerProfileInput:
    display_name: Annotated[str, model.NAME] | None = None
    phone: Annotated[str, model.PHONE] | None = None
    locale: Annotated[str, model.LOCALE] | None = None
    expected_version: int


@strawberry.input
class RegisterSellerInput:
    display_name: Annotated[str, model.NAME]
    slug: Annotated[str, model.NEW_SLUG]
    about: Annotated[str, model.ABOUT] | None = None


@strawberry.input
class AddressInput:
    line1: Annotated[str, model.ADDRESS_LINE]
    line2: Annotated[str, model.SECOND_ADDRESS_LINE] | None = None
    city: Annotated[str, model.CITY]
    postal_code: Annotated[str, model.POSTAL_CODE]
    country: Annotated[str, model.COUNTRY]


@strawberry.input
class SignUpInput:
    email: Annotated[str, model.EMAIL]
    password: Annotated[str, model.PASSWORD] = strawberry.field(
        description=f"At least {model.MIN_PASSWORD_CHARACTERS} characters"
    )
    display_name: Annotated[str, model.NAME]
    locale: Annotated[str, model.LOCALE] = "en"


@strawberry.input
class SignInInput:
    email: Annotated[str, model.CREDENTIAL]
    password: Annotated[str, model.CREDENTIAL]


@strawberry.type
class UpdateBuyerProfileSuccess:
    buyer: Buyer


@strawberry.type
class RegisterSellerSuccess:
    seller: Seller


@strawberry.type
class SetRolesSuccess:
    account: Account
    roles: list[Role]


@strawberry.type(
    description="A client sends the access token with each request, and the refresh token once, for the next pair"
)
class SignInSuccess:
    access_token: str
    refresh_token: str
    expires_at: datetime
    account: Account


@strawberry.type
class VerifyEmailSuccess:
    buyer: Buyer


@strawberry.type(description="Another message is on its way, or the address is verified already")
class ResendVerificationSuccess:
    buyer: Buyer


@strawberry.type(description="The token is not good any more: ask for another message")
class VerificationExpiredError(UserError):
    pass


@strawberry.type
class SlugTakenError(UserError):
    suggestion: str = ""


@strawberry.type
class EmailTakenError(UserError):
    pass


@strawberry.type(description="The e-mail address or the password is wrong; never says which")
class InvalidCredentialsError(UserError):
    pass


@strawberry.type
class TooManyAttemptsError(UserError):
    retry_after_ms: int = 0


@strawberry.type(description="The refresh token is not good any more: sign in again")
class SessionExpiredError(UserError):
    pass


UpdateBuyerProfileResult = Annotated[
    UpdateBuyerProfileSuccess | ValidationError | VersionConflictError, strawberry.union("UpdateBuyerProfileResult")
]
RegisterSellerResult = Annotated[
    RegisterSellerSuccess | ValidationError | SlugTakenError, strawberry.union("RegisterSellerResult")
]
AddAddressResult = Annotated[UpdateBuyerProfileSuccess | ValidationError, strawberry.union("AddAddressResult")]
SetRolesResult = Annotated[SetRolesSuccess | NotFoundError | ValidationError, strawberry.union("SetRolesResult")]
SignUpResult = Annotated[SignInSuccess | ValidationError | EmailTakenError, strawberry.union("SignUpResult")]
SignInResult = Annotated[
    SignInSuccess | InvalidCredentialsError | TooManyAttemptsError, strawberry.union("SignInResult")
]
VerifyEmailResult = Annotated[VerifyEmailSuccess | VerificationExpiredError, strawberry.union("VerifyEmailResult")]
ResendVerificationResult = Annotated[
    ResendVerificationSuccess | TooManyAttemptsError, strawberry.union("ResendVerificationResult")
]
RefreshSessionResult = Annotated[SignInSuccess | SessionExpiredError, strawberry.union("RefreshSessionResult")]
