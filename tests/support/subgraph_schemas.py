"""The subgraphs that the contract tests hold to their contracts."""

from importlib import import_module

from subgraphs.kit.graph.schema import SubgraphSchema

BEYOND_CONTRACT: dict[str, tuple[str, ...]] = {
    # Signing up, in and out, which the contract leaves to the service.
    "user": (
        "Mutation.signUp",
        "Mutation.signIn",
        "Mutation.refreshSession",
        "Mutation.signOut",
        "SignUp",
        "SignIn",
        "RefreshSessionResult",
        "EmailTakenError",
        "InvalidCredentialsError",
        "TooManyAttemptsError",
        "SessionExpiredError",
        # An address is verified before anything else is sent to it.
        "Buyer.emailVerified",
        "Mutation.verifyEmail",
        "Mutation.resendVerification",
        "Query.verificationToken",
        "VerifyEmail",
        "ResendVerification",
        "VerificationExpiredError",
    ),
    # What a seller has on hand is not what can be sold now; either is changed without losing a sale (decision 0047).
    # Recommendation follows what sellers change, so that a withdrawn product leaves slates within seconds.
    "catalog": ("Product.onHand", "ProductPatch.stockDelta", "Query.changedProducts"),
    # A page after the first asks for the slate that it began with, and slates have shelves (decision 0005).
    # A withdrawn product keeps its place, so that cursors stay right.
    "recommendation": ("Query.rankedSlate(slateId)", "RankedSlate.shelves", "RankedShelf", "ScoredProduct.isOnSale"),
    # Payment's events come by a mutation for services, not by reading payment's tables.
    "order": (
        "Mutation.recordPaymentResult",
        "PaymentResultInput",
        "PaymentOutcome",
        "Query.ordersHoldingStock",
        "Order.payable",
        "Order.refundPending",
    ),
    # Payment owns the sums: order asks it to end an order's payments, clients read what was taken and given back (decision 0048).
    "payment": (
        "Mutation.closeOrderPayments",
        "Mutation.refundRest",
        "Closing",
        "OrderClosing",
        "Order.payable",
        "Order.capturedAmount",
        "Order.refundedAmount",
    ),
    # What happened to an account comes from the user service by a mutation for services.
    "notification": ("Template.problem", "Mutation.recordAccountEvent", "AccountEvent", "DeliveryStatus has HELD"),
    # Strawberry's JSON says where JSON is specified. Services wait for a change instead of polling.
    "config": ("JSON @specifiedBy", "Flag.problem", "Query.serviceConfig"),
}


def schema_of(name: str) -> SubgraphSchema:
    """The schema of a subgraph."""
    schema = import_module(f"subgraphs.{name}.graph.schema").schema
    assert isinstance(schema, SubgraphSchema)
    return schema
