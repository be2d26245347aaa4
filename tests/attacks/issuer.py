"""An issuer of tokens that publishes its keys beside what nobody can read, and may withdraw one."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ISSUER: Final = "https://attacks.test"
FAR: Final = 4_000_000_000
UNUSABLE: Final = [{"kty": "EC", "crv": "P-none", "kid": "bad", "x": "!", "y": 5}, {"kid": 3}, "no key at all"]


class Issuer:
    """Publishes two keys, ``good`` and ``stolen``, beside unusable ones."""

    def __init__(self) -> None:
        self._keys = {kid: Ed25519PrivateKey.generate() for kid in ("good", "stolen")}
        self._published = dict(self._keys)
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Answer with the set."""
                published = issuer._jwks()
                self.send_response(200)
                self.send_header("content-length", str(len(published)))
                self.end_headers()
                self.wfile.write(published)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        """Where its keys are."""
        return f"http://127.0.0.1:{self._server.server_port}/jwks.json"

    def token(self, subject: str, *, kid: str = "good", expires_at: float = FAR) -> str:
        """A valid token.

        Args:
            expires_at: seconds since the epoch.
        """
        payload = {"iss": ISSUER, "aud": "shop", "sub": subject, "exp": expires_at}
        return jwt.encode(payload, self._keys[kid], algorithm="EdDSA", headers={"kid": kid})

    def withdraw(self, kid: str) -> None:
        """Publish a key no more."""
        del self._published[kid]

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _jwks(self) -> bytes:
        keys: list[Any] = list(UNUSABLE)
        for kid, key in self._published.items():
            jwk = jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
            keys.append({**jwk, "kid": kid, "use": "sig", "alg": "EdDSA"})
        return json.dumps({"keys": keys}).encode()
