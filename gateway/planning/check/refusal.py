"""The check of every new plan before it is served: a plan that cannot be proved is logged and refused, never run.

The planner and the checker share no code, so a fault of one is found by the other: a mutation that no fetch sends, a representation
without its key. Proving costs about a sixth of planning, and only when a plan is made (decision 0060).
"""

import structlog

from gateway.errors import ClientError
from gateway.operation.model import Operation
from gateway.planning.check.checker import PlanTooLarge, UnsoundPlan, prove
from gateway.planning.plan import Plan
from gateway.planning.printer import print_plan
from gateway.supergraph.model import Supergraph

MAX_FIELDS = 50_000
"""Fields that a plan may write to be proved before it is served, about half a second; larger ones are served unproved."""

log = structlog.get_logger(__name__)


def refuse_unsound(
    plan: Plan, operation: Operation, supergraph: Supergraph, *, labels: frozenset[str] = frozenset()
) -> None:
    """Return if a plan may be served.

    Raises:
        ClientError: QUERY_NOT_PLANNABLE if the plan is wrong.
    """
    try:
        prove(plan, operation, supergraph, labels=labels, max_fields=MAX_FIELDS)
    except PlanTooLarge as unproved:
        log.warning("plan.unproved", reason=str(unproved), operation=operation.name)
    except UnsoundPlan as wrong:
        log.exception("plan.unsound", reason=str(wrong), operation=operation.name, plan=print_plan(plan))
        message = "The gateway made a wrong plan for this operation, and does not run it. Its log has the plan; please report it."
        raise ClientError(message, code="QUERY_NOT_PLANNABLE", status=500) from wrong
