"""The four subgraphs as one process: `python -m tests.bench.subgraph_server PORT`.

Every answer is computed once and then served by its request's bytes, so that the gateway is what is measured.
"""

import asyncio
import sys
from typing import cast

import httptools
import msgspec
import uvloop

from tests.bench.shop import SLOW_FIELD, SLOW_SECONDS, Shop


class SubgraphProtocol(asyncio.Protocol):
    """A connection of a gateway's; it carries one request at a time."""

    def __init__(self, shop: Shop, known: dict[tuple[bytes, bytes], bytes]) -> None:
        self._shop = shop
        self._known = known
        self._parser = httptools.HttpRequestParser(self)
        self._path = b""
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's protocol."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's protocol."""
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """Part of httptools' protocol."""
        self._path, self._body = url, b""

    def on_body(self, data: bytes) -> None:
        """Part of httptools' protocol."""
        self._body += data

    def on_message_complete(self) -> None:
        """Part of httptools' protocol: answers from memory."""
        key = self._path, self._body
        answer = self._known.get(key)
        if answer is None:
            answer = self._known[key] = self._compute(*key)
        if SLOW_FIELD.encode() in self._body:
            asyncio.get_running_loop().call_later(SLOW_SECONDS, self._send, answer)
        else:
            self._send(answer)

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)

    def _compute(self, path: bytes, body: bytes) -> bytes:
        if not body:
            return b"HTTP/1.1 204 No Content\r\n\r\n"
        response = msgspec.json.encode(self._shop.answer(path.decode().strip("/"), msgspec.json.decode(body)))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        return head % len(response) + response


async def serve(port: int) -> None:
    """Serves until it is stopped."""
    shop, known = Shop(), dict[tuple[bytes, bytes], bytes]()
    server = await asyncio.get_running_loop().create_server(lambda: SubgraphProtocol(shop, known), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
