"""A mail server that keeps everything and delivers nothing: SMTP in, a page and JSON out.

    python -m local.mail_sink SMTP_PORT HTTP_PORT

The last `KEPT_MESSAGES` messages are held in memory, newest first: development has no other reader of its mail.
"""

import asyncio
import html
import os
import sys
from collections import deque
from datetime import UTC, datetime
from email import message_from_bytes, policy

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

KEPT_MESSAGES = 500


class MailSink:
    """What arrived, newest first."""

    def __init__(self) -> None:
        self.messages: deque[dict[str, str]] = deque(maxlen=KEPT_MESSAGES)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's hook
        """Keep a message; aiosmtpd calls this with a whole one."""
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        body = message.get_body(preferencelist=("plain", "html"))
        self.messages.appendleft(
            {
                "from": envelope.mail_from or "",
                "to": ", ".join(envelope.rcpt_tos),
                "subject": str(message.get("Subject", "")),
                "message_id": str(message.get("Message-ID", "")),
                "body": body.get_content() if body else "",
                "received_at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        )
        return "250 kept"


def http_app(sink: MailSink) -> Starlette:
    """The page for people, ``/messages.json?to=`` for tests, and ``/health`` and ``/ready``."""

    async def page(request: Request) -> HTMLResponse:
        rows = "".join(
            f"<article><h2>{html.escape(m['subject'])}</h2><p>to {html.escape(m['to'])}, {m['received_at']}</p>"
            f"<pre>{html.escape(m['body'])}</pre></article>"
            for m in sink.messages
        )
        return HTMLResponse(
            "<!doctype html><meta charset=utf-8><title>Mail</title><style>body{font:15px system-ui;max-width:44rem;"
            "margin:2rem auto;padding:0 1rem}h2{margin:0;font-size:1rem}article{border-top:1px solid #8884;padding:1rem 0}"
            f"pre{{white-space:pre-wrap}}:root{{color-scheme:light dark}}</style><h1>Mail</h1>{rows or 'Nothing yet.'}"
        )

    async def messages(request: Request) -> JSONResponse:
        recipient = request.query_params.get("to")
        return JSONResponse([m for m in sink.messages if recipient is None or recipient in m["to"]])

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/", page),
            Route("/messages.json", messages),
            Route("/health", health),
            Route("/ready", health),
        ]
    )


async def serve(smtp_port: int, http_port: int) -> None:
    """Run both servers until the process is told to stop. Listens on MAIL_HOST, loopback by default."""
    host = os.environ.get("MAIL_HOST", "127.0.0.1")
    sink = MailSink()
    smtp = await asyncio.get_running_loop().create_server(lambda: SMTP(sink, decode_data=False), host, smtp_port)
    async with smtp:
        await uvicorn.Server(uvicorn.Config(http_app(sink), host=host, port=http_port, log_level="warning")).serve()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
