"""The mail sink as a real SMTP server in this loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosmtpd.smtp import SMTP

from local.mail_sink import MailSink


@asynccontextmanager
async def running_mail_sink(*, port: int = 0) -> AsyncIterator[tuple[MailSink, str]]:
    """The sink and its ``smtp://`` URL."""
    sink = MailSink()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, decode_data=False), "127.0.0.1", port)
    async with server:
        yield sink, f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
