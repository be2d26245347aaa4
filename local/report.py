"""What a person sees when all is ready: the addresses, the demo accounts, three things to try."""

from collections.abc import Iterable

from local.processes import Process
from local.settings import LocalSettings


def ready_report(processes: Iterable[Process], settings: LocalSettings, *, seconds: float) -> str:
    """The report as text for a terminal.

    Args:
        seconds: how long the start took.
    """
    shown = [process for process in reversed(list(processes)) if process.about]
    name_width, address_width = (
        max(map(len, column)) for column in zip(*((p.name, p.address) for p in shown), strict=True)
    )
    rows = [f"  {p.name:<{name_width}}  {p.address:<{address_width}}  {p.about}" for p in shown]
    gateway = settings.url(settings.gateway_port)
    return "\n".join(
        [
            f"Yarmarka is ready ({seconds:.1f} s)",
            *rows,
            "",
            "Demo accounts, password yarmarka: buyer@yarmarka.test, seller@yarmarka.test, admin@yarmarka.test",
            "",
            "Try:",
            f"  1. Open {gateway}/graphql, sign in as buyer@, run HomeFeed; run TrackEvents on a product; run HomeFeed again.",
            "  2. Run Checkout, PlaceOrder, StartPayment, then Inbox: the order is paid and you are told so.",
            f"  3. curl -i {settings.url(settings.payment_port)}/health",
            "",
            "Ctrl-C stops everything.",
            "",
        ]
    )
