"""The test methods: what the bank does with each, so that every way a payment can go is one word away."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What confirming with a card leads to."""

    APPROVED = "approved"
    REFUSED = "refused"
    ASKS_THE_PAYER = "asks_the_payer"
    TAKES_TIME = "takes_time"
    NO_ANSWER = "no_answer"
    ANSWER_LOST = "answer_lost"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why no money moved.

    Args:
        is_retryable: the same card may work later.
    """

    code: str
    message: str
    is_retryable: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A test method and its fate."""

    method: str
    outcome: Outcome
    failure: Failure | None = None


REJECTED_BY_PAYER = Failure("authentication_failed", "The payer declined at the bank's page.", is_retryable=True)

CARDS = {
    card.method: card
    for card in (
        Card("card_ok", Outcome.APPROVED),
        Card(
            "card_declined",
            Outcome.REFUSED,
            Failure("card_declined", "The bank declined the card.", is_retryable=False),
        ),
        Card(
            "card_insufficient_funds",
            Outcome.REFUSED,
            Failure("insufficient_funds", "There is not enough money on the card.", is_retryable=True),
        ),
        Card("card_3ds", Outcome.ASKS_THE_PAYER),
        Card("card_slow", Outcome.TAKES_TIME),
        Card("card_outage", Outcome.NO_ANSWER),
        Card("card_answer_lost", Outcome.ANSWER_LOST),
    )
}
