"""The bank's page for a payer: says who asks for how much, and takes a yes or a no."""

from html import escape
from string import Template

from starlette.responses import HTMLResponse

from subgraphs.payment.sandbox.rules import Intent, IntentStatus

_MINOR_DIGITS = 2  # all four currencies of the market have two
_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText }
main { width: min(24rem, 90vw); padding: 2rem; border: 1px solid color-mix(in srgb, CanvasText 20%, Canvas); border-radius: 12px }
h1 { margin: 0 0 .25rem; font-size: 1rem; font-weight: 600; opacity: .7 }
.amount { margin: 0 0 1.5rem; font-size: 2rem; font-weight: 650; font-variant-numeric: tabular-nums }
form { display: flex; gap: .75rem }
button { flex: 1; padding: .7rem; border-radius: 8px; border: 1px solid currentColor; background: none; color: inherit; font: inherit; cursor: pointer }
button[value=approve] { background: #14633c; border-color: #14633c; color: #fff }
"""
_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bank sandbox</title><style>$style</style></head>
<body><main><h1>$title</h1><p class="amount">$amount</p>$content</main></body></html>
""")
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}
_SAID = {
    IntentStatus.CAPTURED: "The payment is approved. You can close this page.",
    IntentStatus.AUTHORIZED: "The payment is approved. You can close this page.",
    IntentStatus.FAILED: "The payment was declined. No money was taken.",
    IntentStatus.CANCELLED: "The shop withdrew this payment. No money was taken.",
}


def question(intent: Intent) -> HTMLResponse:
    """The page that asks the payer."""
    form = (
        f'<form method="post" action="/authorize/{escape(intent.id)}">'
        f'<input type="hidden" name="token" value="{escape(intent.action_token or "")}">'
        '<button name="decision" value="decline">Decline</button>'
        '<button name="decision" value="approve">Approve</button></form>'
    )
    return _page("A shop asks you to pay", intent, form)


def outcome(intent: Intent) -> HTMLResponse:
    """The page that says how it went, for a payer who has nowhere to return to or comes back later."""
    return _page("Bank sandbox", intent, f"<p>{_SAID.get(intent.status, 'There is nothing to decide.')}</p>")


def _page(title: str, intent: Intent, content: str) -> HTMLResponse:
    units, minor = divmod(intent.amount, 10**_MINOR_DIGITS)
    amount = f"{units:,}.{minor:0{_MINOR_DIGITS}d} {escape(intent.currency)}"
    return HTMLResponse(_PAGE.substitute(style=_STYLE, title=title, amount=amount, content=content), headers=_HEADERS)
