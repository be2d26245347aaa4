"""A state machine over the real order, payment, catalog and user services and the real bank: it takes the steps of `money_steps`.

After every step `money_books.check_now` is checked; at the end of an example the faults stop, everything that is due is worked off, and
`check_at_rest` is checked as well. The services run once for all examples; each example trades a product of its own.
"""

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.laboratory.money_books import check_at_rest, check_now
from tests.laboratory.money_driver import Market
from tests.laboratory.money_steps import STEPS, Step, Steps
from tests.laboratory.money_trade import NoOrder


@dataclass(slots=True)
class Progress:
    """How far the machines of this process are.

    Attributes:
        found_after: Steps, of all examples, until a check failed first.
        check: What that check said.
    """

    examples: int = 0
    steps: int = 0
    found_after: int = 0
    check: str = ""

    def fail(self, check: str) -> None:
        """Note a check that failed; Hypothesis tries the example again, and only the first time counts."""
        if not self.check:
            self.found_after, self.check = self.steps, check or "a check without words"

    def reset(self) -> None:
        """Begin anew."""
        self.examples = self.steps = self.found_after = 0
        self.check = ""


PROGRESS = Progress()

EXAMPLES, STEPS_EACH = 10, 12
"""Of CI: as long as other tests of these services take."""


def profile(*, examples: int = 0, steps: int = 0) -> settings:
    """How many examples of how many steps are drawn; 0: those of CI, which are the same in each run.

    Without a clock and a memory of earlier runs. Only other examples than CI's are made smaller when they fail.
    """
    return settings(
        max_examples=examples or EXAMPLES,
        stateful_step_count=steps or STEPS_EACH,
        derandomize=not examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink) if examples else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.normal,
    )


MARKET: list[Market] = []
"""The market of the running test: Hypothesis makes its machines without arguments."""


@contextmanager
def machine_market(market: Market) -> Iterator[None]:
    """Let machines work on the market during the block."""
    MARKET.append(market)
    try:
        yield
    finally:
        MARKET.pop()


class MoneyMachine(RuleBasedStateMachine):
    """What buyers, sellers, support, workers, time and faults do, in any order.

    One rule draws from all kinds of steps: Hypothesis leaves out most of many rules in each example, and with few examples in all of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.market = MARKET[-1]
        self.market.end_faults()
        self.steps = Steps(self.market, self.market.do(self.market.new_product()))
        PROGRESS.examples += 1

    @rule(step=STEPS)
    def take(self, step: Step) -> None:
        """Take a step."""
        PROGRESS.steps += 1
        with suppress(NoOrder):
            self._do(step.act(self.steps, **step.arguments))

    @invariant()
    def books_are_right(self) -> None:
        """Check what holds at any moment."""
        self._do(check_now(self.steps.trade))

    def teardown(self) -> None:
        """Check what holds once faults have ended and everything is done."""
        self._do(check_at_rest(self.steps.trade))

    def _do(self, doing: Awaitable[Any]) -> None:
        try:
            self.market.do(doing)
        except AssertionError as error:
            PROGRESS.fail(str(error).partition("\n")[0])
            raise
