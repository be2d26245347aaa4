"""What a person sees when all is ready: the addresses, the demo accounts, three things to try."""

from collections.abc import Iterable
from io import StringIO

from rich.console import Console
from rich.table import Table

from local.processes import Process
from local.settings import LocalSettings


def ready_report(processes: Iterable[Process], settings: LocalSettings, *, seconds: float) -> str:
    """The report as text for a terminal.

    Args:
        seconds: how long the start took.
    """
    table = Table(title=f"Yarmarka is ready ({seconds:.0f} s)", title_justify="left", show_lines=False)
    table.add_column("process")
    table.add_column("address")
    table.add_column("what it is")
    for process in reversed(list(processes)):
        if process.about:
            table.add_row(process.name, process.address, process.about)
    gateway = settings.url(settings.gateway_port)
    out = StringIO()
    console = Console(file=out, width=110, force_terminal=False)
    console.print(table)
    console.print(
        "\nDemo accounts, password [bold]yarmarka[/]: buyer@yarmarka.test, seller@yarmarka.test, admin@yarmarka.test\n\n"
        "Try:\n"
        f"  1. Open {gateway}/graphql, sign in as buyer@, run HomeFeed; run TrackEvents on a product; run HomeFeed again.\n"
        "  2. Run Checkout, PlaceOrder, StartPayment, then Inbox: the order is paid and you are told so.\n"
        f"  3. curl -i {settings.url(settings.payment_port)}/health\n\n"
        "Ctrl-C stops everything.",
        highlight=False,
    )
    return out.getvalue()
