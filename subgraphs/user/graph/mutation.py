"""The mutations of the user schema: a command each, its refusals answered as members of the result union."""

from typing import Annotated

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost

from subgraphs.kit.graph.errors import Fault, UserError, shown
from subgraphs.kit.graph.list_bounds import bounded
from subgraphs.kit.graph.scalars import Id
from subgraphs.kit.runtime.refusals import Refusal
from subgraphs.user import commands, errors, model
from subgraphs.user.graph.context import Info
from subgraphs.user.graph.types import (
    AddAddressResult,
    AddressInput,
    Buyer,
    EmailTakenError,
    InvalidCredentialsError,
    RefreshSessionResult,
    RegisterSellerInput,
    RegisterSellerResult,
    RegisterSellerSuccess,
    ResendVerificationResult,
    ResendVerificationSuccess,
    Seller,
    SessionExpiredError,
    SetRolesResult,
    SetRolesSuccess,
    SignInInput,
    SignInResult,
    SignInSuccess,
    SignUpInput,
    SignUpResult,
    SlugTakenError,
    TooManyAttemptsError,
    UpdateBuyerProfileInput,
    UpdateBuyerProfileResult,
    UpdateBuyerProfileSuccess,
    VerificationExpiredError,
    VerifyEmailResult,
    VerifyEmailSuccess,
    account_of,
)
from subgraphs.user.model import Role
from subgraphs.user.sessions import NewAccount, SignedIn

MAX_ROLES = 20


def answer_of(refusal: Refusal) -> UserError | None:
    """Return the error type that answers a refusal of the user service; None for a refusal of the kit."""
    match refusal:
        case errors.SlugTaken(suggestion=suggestion):
            return SlugTakenError(**shown(refusal), suggestion=suggestion)
        case errors.EmailTaken():
            return EmailTakenError(**shown(refusal))
        case errors.InvalidCredentials():
            return InvalidCredentialsError(**shown(refusal))
        case errors.TooManyAttempts(retry_after_ms=retry_after_ms):
            return TooManyAttemptsError(**shown(refusal), retry_after_ms=retry_after_ms)
        case errors.VerificationExpired():
            return VerificationExpiredError(**shown(refusal))
        case errors.SessionExpired():
            return SessionExpiredError(**shown(refusal))
        case _:
            return None


async def _buyer(info: Info, account_id: str) -> Buyer:
    row = await info.context.loaders.buyer.load(account_id)
    if row is None:
        raise Fault("NOT_FOUND", "The account has no buyer's profile")
    return Buyer.of(row)


async def _signed_in(info: Info, signed_in: SignedIn) -> SignInSuccess:
    account = await account_of(info, signed_in.account_id)
    if account is None:
        raise Fault("NOT_FOUND", "The account has no profile")
    return SignInSuccess(
        access_token=signed_in.access_token,
        refresh_token=signed_in.refresh_token,
        expires_at=signed_in.expires_at,
        account=account,
    )


@strawberry.type
class Mutation:
    @strawberry.mutation(directives=[Cost(weight=20)])
    async def sign_up(self, info: Info, input: SignUpInput) -> SignUpResult | None:
        """Make a buyer's account and sign it in."""
        resources = info.context.resources
        if not resources.config.current.get("user.sign_up_open"):
            raise Fault("SIGN_UP_CLOSED", "New accounts are not taken at the moment")
        new = NewAccount(input.email, input.password, input.display_name, input.locale)
        return await _signed_in(info, await resources.sessions.sign_up(new))

    @strawberry.mutation(directives=[Cost(weight=20)])
    async def sign_in(self, info: Info, input: SignInInput) -> SignInResult | None:
        """Begin a session."""
        signed_in = await info.context.resources.sessions.sign_in(
            input.email, input.password, address=info.context.client_address
        )
        return await _signed_in(info, signed_in)

    @strawberry.mutation(directives=[Cost(weight=10)])
    async def refresh_session(
        self, info: Info, refresh_token: Annotated[str, model.REFRESH_TOKEN]
    ) -> RefreshSessionResult | None:
        """Exchange a refresh token, good once, for the next pair of tokens."""
        return await _signed_in(info, await info.context.resources.sessions.refresh(refresh_token))

    @strawberry.mutation(directives=[Cost(weight=10)])
    async def sign_out(self, info: Info, refresh_token: Annotated[str, model.REFRESH_TOKEN]) -> bool | None:
        """End the session of a refresh token; false when the token is not known."""
        return await info.context.resources.sessions.sign_out(refresh_token)

    @federation.mutation(
        authenticated=True,
        directives=[Cost(weight=10)],
        description="Prove that an address is the caller's, who signed up with it, by the token of the message that was sent there; a second "
        "time changes nothing",
    )
    async def verify_email(
        self, info: Info, token: Annotated[str, model.VERIFICATION_TOKEN]
    ) -> VerifyEmailResult | None:
        """Prove an address."""
        await info.context.resources.verification.verify(token, account_id=info.context.account_id)
        return VerifyEmailSuccess(buyer=await _buyer(info, info.context.account_id))

    @federation.mutation(authenticated=True, directives=[Cost(weight=10)])
    async def resend_verification(self, info: Info) -> ResendVerificationResult | None:
        """Send another message to verify the caller's address; each doubles the wait for the next one, from a minute to a day."""
        await info.context.resources.verification.ask_again(info.context.account_id)
        return ResendVerificationSuccess(buyer=await _buyer(info, info.context.account_id))

    @federation.mutation(authenticated=True, directives=[Cost(weight=10)])
    async def update_buyer_profile(self, info: Info, input: UpdateBuyerProfileInput) -> UpdateBuyerProfileResult | None:
        """Change the caller's profile."""
        changes = commands.ProfileChanges(input.display_name, input.phone, input.locale)
        changed = await commands.update_buyer_profile(
            info.context.resources.database,
            info.context.account_id,
            changes,
            expected_version=input.expected_version,
        )
        return UpdateBuyerProfileSuccess(buyer=Buyer.of(changed))

    @federation.mutation(authenticated=True, directives=[Cost(weight=10)])
    async def add_address(self, info: Info, input: AddressInput) -> AddAddressResult | None:
        """Add an address to the caller's."""
        address = commands.NewAddress(input.line1, input.line2, input.city, input.postal_code, input.country)
        buyer = await commands.add_address(info.context.resources.database, info.context.account_id, address)
        return UpdateBuyerProfileSuccess(buyer=Buyer.of(buyer))

    @federation.mutation(authenticated=True, directives=[Cost(weight=10)])
    async def register_seller(self, info: Info, input: RegisterSellerInput) -> RegisterSellerResult | None:
        """Make the caller a seller too."""
        resources = info.context.resources
        seller = await commands.register_seller(
            resources.database,
            info.context.account_id,
            display_name=input.display_name,
            slug=input.slug,
            about=input.about,
            clock=resources.clock,
        )
        return RegisterSellerSuccess(seller=Seller.of(seller))

    @federation.mutation(requires_scopes=[["admin:users"]], tags=["admin"])
    async def set_roles(
        self,
        info: Info,
        account_id: Id,
        roles: Annotated[list[Role], strawberry.argument(directives=bounded(MAX_ROLES))],
    ) -> SetRolesResult | None:
        """Give an account exactly these roles."""
        resources = info.context.resources
        account = await commands.set_roles(
            resources.database,
            resources.ended,
            account_id,
            roles,
            acting_account_id=info.context.account_id,
            now=resources.clock(),
        )
        shown = await account_of(info, account.id)
        if shown is None:
            raise Fault("NOT_FOUND", "The account has no profile")
        return SetRolesSuccess(account=shown, roles=[Role(name) for name in account.roles])
