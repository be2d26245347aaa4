"""Requests as bytes: what is no request is refused so that its client can read why, and nothing that could be read in two ways is read."""

import contextlib
import json
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import RunningGateway

BODY = b'{"query": "{ goods { id } }"}'
LINE = b"POST /graphql HTTP/1.1\r\n"
HOST = b"host: x\r\n"
JSON = b"content-type: application/json\r\n"
LENGTH = b"content-length: %d\r\n" % len(BODY)
CLOSE = b"connection: close\r\n"
MAX_HEAD_BYTES = 64 * 1024


def told(gateway: RunningGateway, *parts: bytes) -> list[tuple[int, Any]]:
    """Status and body of each answer to what is sent in these parts, until the gateway closes."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as client:
        for part in parts:
            client.sendall(part)
        return answers(received(client))


def received(client: socket.socket) -> bytes:
    """All bytes until the end of the connection."""
    got = b""
    while data := client.recv(65536):
        got += data
    return got


def answers(got: bytes) -> list[tuple[int, Any]]:
    """The answers in a connection's bytes."""
    found = []
    while got:
        head, _, rest = got.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in lines[1:])
        length = int(fields[b"content-length"])
        found.append((int(lines[0].split()[1]), json.loads(rest[:length])))
        got = rest[length:]
    return found


def code_of(answer: tuple[int, Any]) -> tuple[int, str]:
    """Status and the first error's code."""
    return answer[0], answer[1]["errors"][0]["extensions"]["code"]


GOODS = {"data": {"goods": [{"id": "0"}, {"id": "1"}, {"id": "2"}]}}


def request(*fields: bytes, body: bytes = BODY, line: bytes = LINE) -> bytes:
    """A request with these header lines."""
    return line + b"".join(fields) + b"\r\n" + body


@pytest.mark.parametrize(
    "upgrade",
    [
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n",
        b"Upgrade: websocket\r\nConnection: upgrade\r\n",
        b"Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: TLS/1.0\r\n",
    ],
)
def test_an_upgrade_is_ignored_and_the_request_answered(gateway: RunningGateway, upgrade: bytes) -> None:
    first = request(HOST, upgrade, JSON, LENGTH)
    last = request(HOST, JSON, LENGTH, CLOSE)
    assert told(gateway, first + first + last) == [(200, GOODS)] * 3
    cut = len(first) - 5
    assert told(gateway, first[:cut], first[cut:] + first[:20], first[20:], last) == [(200, GOODS)] * 3
    chunked = request(HOST, upgrade, JSON, b"transfer-encoding: chunked\r\n", body=b"1d\r\n" + BODY + b"\r\n0\r\n\r\n")
    assert told(gateway, chunked, last) == [(200, GOODS)] * 2


def test_javas_client_is_answered(gateway: RunningGateway, tmp_path: Path) -> None:
    """Java's HttpClient, and so Spring's, sends `Upgrade: h2c` with its first request, bodies included."""
    java = shutil.which("java")
    if java is None:
        pytest.skip("there is no java")
    source = tmp_path / "Ask.java"
    source.write_text(JAVA, encoding="utf-8")
    address = f"http://127.0.0.1:{gateway.port}/graphql"
    ran = subprocess.run([java, str(source), address], capture_output=True, text=True, timeout=120, check=False)
    if "jdk.compiler" in ran.stderr:
        pytest.skip("this java runs no source files")
    lines = ran.stdout.splitlines()
    assert [json.loads(line) for line in lines] == [GOODS, GOODS], ran.stderr


JAVA = """
import java.net.URI;
import java.net.http.*;

public class Ask {
    public static void main(String[] arguments) throws Exception {
        var client = HttpClient.newHttpClient();
        for (int i = 0; i < 2; i++) {
            var request = HttpRequest.newBuilder(URI.create(arguments[0]))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\\"query\\": \\"{ goods { id } }\\"}"))
                .build();
            System.out.println(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
        }
    }
}
"""


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET / HTTP/1.1\r\nhost: x\r\n bad header\r\n\r\n", 400, "MALFORMED_REQUEST"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "MALFORMED_REQUEST"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "MALFORMED_REQUEST"),
        (request(JSON, LENGTH), 400, "MALFORMED_REQUEST"),
        (request(HOST, b"host: y\r\n", JSON, LENGTH), 400, "REPEATED_HEADER"),
        (request(HOST, HOST, JSON, LENGTH), 400, "REPEATED_HEADER"),
        (request(b"host: x y\r\n", JSON, LENGTH), 400, "MALFORMED_REQUEST"),
        (request(b"host: x/y\r\n", JSON, LENGTH), 400, "MALFORMED_REQUEST"),
        (request(b"host: user@x\r\n", JSON, LENGTH), 400, "MALFORMED_REQUEST"),
        (request(HOST, JSON, b"transfer-encoding: gzip, chunked\r\n"), 501, "UNSUPPORTED_TRANSFER_CODING"),
        (request(HOST, JSON, b"transfer-encoding: gzip\r\n"), 501, "UNSUPPORTED_TRANSFER_CODING"),
        (request(HOST, JSON, b"transfer-encoding: identity\r\n"), 501, "UNSUPPORTED_TRANSFER_CODING"),
        (request(HOST, JSON, b"transfer-encoding: chunked, chunked\r\n"), 400, "MALFORMED_REQUEST"),
        (request(HOST, JSON, LENGTH, b"transfer-encoding: chunked\r\n"), 400, "MALFORMED_REQUEST"),
        (request(HOST, JSON, b"content-length: 5\r\ncontent-length: 29\r\n"), 400, "MALFORMED_REQUEST"),
        (request(HOST, JSON, b"content-length: +5\r\n"), 400, "MALFORMED_REQUEST"),
        (request(HOST, JSON, b"transfer-encoding: chunked\r\n", body=b"zz\r\n"), 400, "MALFORMED_REQUEST"),
        (request(JSON, line=b"CONNECT x:443 HTTP/1.1\r\nhost: x\r\n"), 405, "METHOD_NOT_ALLOWED"),
        (request(HOST, b"x-more: y\r\n" * 100), 431, "HEAD_TOO_LARGE"),
    ],
)
def test_what_is_no_request_is_refused_in_the_form_of_all_errors(
    gateway: RunningGateway, sent: bytes, status: int, code: str
) -> None:
    (answer,) = told(gateway, sent)
    assert code_of(answer) == (status, code)
    # Each kind of refusal comes after the answers that are owed already.
    health = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"
    first, second, last = told(gateway, health + health + sent)
    assert (first[0], second[0], code_of(last)) == (200, 200, (status, code))


def test_a_request_of_http_1_0_needs_no_host(gateway: RunningGateway) -> None:
    assert told(gateway, request(JSON, LENGTH, line=b"POST /graphql HTTP/1.0\r\n")) == [(200, GOODS)]


@pytest.mark.parametrize("size", [MAX_HEAD_BYTES, MAX_HEAD_BYTES + 1])
@pytest.mark.parametrize("step", [10**9, 65_536, 9_999])
def test_the_limit_of_a_head_is_exact(gateway: RunningGateway, size: int, step: int) -> None:
    padded = request(HOST, JSON, LENGTH, CLOSE, b"x-pad: ", body=b"")
    head = padded[:-2] + b"y" * (size - len(padded) - 2) + b"\r\n\r\n"
    assert len(head) == size
    sent = head + BODY
    (answer,) = told(gateway, *(sent[start : start + step] for start in range(0, len(sent), step)))
    if size > MAX_HEAD_BYTES:
        assert code_of(answer) == (431, "HEAD_TOO_LARGE")
    else:
        assert answer == (200, GOODS)


@pytest.mark.parametrize("upgrade", [b"", b"connection: upgrade\r\nupgrade: h2c\r\n"], ids=["plain", "upgrade"])
def test_a_head_behind_another_request_has_the_same_limit(gateway: RunningGateway, upgrade: bytes) -> None:
    first = request(HOST, JSON, LENGTH)
    head = request(
        HOST, JSON, LENGTH, CLOSE, upgrade, b"x-pad: " + b"y" * 30_000 + b"\r\nx-more: " + b"y" * 40_000 + b"\r\n"
    )
    answer, refusal = told(gateway, first + head)
    assert answer == (200, GOODS)
    assert code_of(refusal) == (431, "HEAD_TOO_LARGE")


def test_a_body_takes_nothing_from_the_limit_of_the_next_head(gateway: RunningGateway) -> None:
    large = BODY + b" " * 900_000
    head = request(HOST, JSON, b"content-length: %d\r\n" % len(large), b"x-pad: " + b"y" * 30_000 + b"\r\n", body=b"")
    assert told(gateway, head + large + head + large + request(HOST, JSON, LENGTH, CLOSE)) == [(200, GOODS)] * 3


def test_trailers_are_no_headers(gateway: RunningGateway) -> None:
    """A proxy that removes a header from what clients send need not look into trailers."""
    chunks = b"1d\r\n" + BODY + b"\r\n0\r\nauthorization: Bearer x\r\nx-more: y\r\n\r\n"
    sent = request(HOST, JSON, CLOSE, b"transfer-encoding: chunked\r\n", body=chunks)
    assert told(gateway, sent) == [(200, GOODS)]


def test_endless_trailers_are_refused(gateway: RunningGateway) -> None:
    chunks = b"1d\r\n" + BODY + b"\r\n0\r\n" + b"x-more: y\r\n" * 101
    assert code_of(told(gateway, request(HOST, JSON, b"transfer-encoding: chunked\r\n", body=chunks))[0]) == (
        431,
        "HEAD_TOO_LARGE",
    )


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("declares", [True, False], ids=["content-length", "chunked"])
def test_a_client_of_a_body_that_is_too_large_can_read_why(gateway: RunningGateway, *, declares: bool) -> None:
    """The client sends all of its 4 MB before it reads, as most do."""
    megabyte = b" " * 1_000_000
    if declares:
        head, part = request(HOST, JSON, b"content-length: 4000000\r\n", body=b""), megabyte
    else:
        head = request(HOST, JSON, b"transfer-encoding: chunked\r\n", body=b"")
        part = b"f4240\r\n" + megabyte + b"\r\n"
    (answer,) = told(gateway, head, *([part] * 4))
    assert code_of(answer) == (413, "BODY_TOO_LARGE")


def test_a_client_that_goes_on_sending_after_a_refusal_is_let_go(gateway: RunningGateway) -> None:
    head = request(HOST, JSON, b"content-length: 99999999999\r\n", body=b"")
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as client:
        client.sendall(head)
        sending = threading.Thread(target=send_until_closed, args=(client,))
        sending.start()
        assert code_of(answers(received(client))[0]) == (413, "BODY_TOO_LARGE")
        sending.join(60)
        assert not sending.is_alive()


def send_until_closed(client: socket.socket) -> None:
    """Send without end."""
    with contextlib.suppress(OSError):
        while True:
            client.sendall(b" " * 1_000_000)


def test_an_address_where_nothing_is_answers_in_the_form_of_all_errors(gateway: RunningGateway) -> None:
    response = gateway.http.post("/grapql", json={"query": "{ goods { id } }"})
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")
    assert "/graphql" in response.json()["errors"][0]["message"]
