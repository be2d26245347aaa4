"""What `python -m subgraphs.payment reconcile [--all]` does and prints: ask, settle and compare now, and name what differs."""

from subgraphs.payment import closing, reconciling
from subgraphs.payment.dependencies import PaymentDependencies
from subgraphs.payment.reconciling import EPOCH, Comparison


async def reconciled(dependencies: PaymentDependencies, *, is_whole: bool) -> Comparison:
    """Return what still differs after everything was asked for, settled and compared.

    Raises:
        ProviderUnavailable: when the provider does not answer.
    """
    await reconciling.ask_undecided(dependencies)
    await closing.settle_due(dependencies)
    return await reconciling.compare(
        dependencies, since=EPOCH if is_whole else await reconciling.watermark(dependencies)
    )


def lines(comparison: Comparison) -> list[str]:
    """Return the report: a summary, then a line for each difference."""
    left = len(comparison.differences)
    summary = f"{comparison.compared} payments compared, {comparison.mended} mended, {left} different"
    if not left:
        return [summary]
    rows = [("kind", "payment", "provider's name", "ours", "theirs")]
    rows += [
        (each.kind.value, each.payment_id or "-", each.reference or "-", each.ours, each.theirs)
        for each in comparison.differences
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [summary, "", *table]
