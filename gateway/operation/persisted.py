"""Queries known by their hash: a manifest that was deployed with the gateway, and those that clients registered (APQ).

With a safelist only the manifest's operations are answered. A client may send the hash or the text; a text that differs from the
manifest's in nothing but blanks, commas and comments is the same operation, and the manifest's text is what runs.

Source: Apollo's automatic persisted queries protocol (``extensions.persistedQuery``, version 1).
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import GraphQLError, Lexer, Source, TokenKind, strip_ignored_characters

from gateway.errors import ClientError
from gateway.operation.cache import BoundedCache

MAX_REGISTERED = 5_000
MAX_REGISTERED_BYTES = 20_000_000

MAX_FACTOR = 4
"""A text of more tokens or characters than so many times those of the longest deployed operation is none of them. Reading a megabyte of
tokens to the end took 15 s of the event loop, and nothing else limits a text that is not known yet."""

MAX_MORE = 1_000
"""Tokens and characters beyond that, for comments and blanks in short operations."""


class PersistedQueries:
    """Finds the text of a request.

    Args:
        manifest: texts of the deployed operations.
        is_automatic: clients may register texts.
        is_safelist: nothing but the manifest is answered.
    """

    def __init__(self, manifest: Iterable[str] = (), *, is_automatic: bool = True, is_safelist: bool = False) -> None:
        self._is_automatic = is_automatic and not is_safelist
        self._is_safelist = is_safelist
        self._manifest: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._max_tokens = self._max_characters = MAX_MORE
        for text in manifest:
            self._max_characters = max(self._max_characters, MAX_FACTOR * len(text) + MAX_MORE)
            self._max_tokens = max(self._max_tokens, MAX_FACTOR * _count_tokens(text, len(text)) + MAX_MORE)
            self._manifest[_hash(text)] = text
            self._manifest[_hash(text.strip())] = text
            self._texts[text] = text
            self._texts[strip_ignored_characters(text)] = text
        self._registered: BoundedCache[str, str] = BoundedCache(
            max_entries=MAX_REGISTERED, max_bytes=MAX_REGISTERED_BYTES
        )

    def resolve(self, text: str | None, extensions: Mapping[str, Any] | None) -> str:
        """The text that the request stands for.

        Raises:
            ClientError: PERSISTED_QUERY_NOT_FOUND (the client then sends the text along), PERSISTED_QUERY_HASH_MISMATCH,
                PERSISTED_QUERY_NOT_SUPPORTED, OPERATION_NOT_SAFELISTED or QUERY_MISSING.
        """
        claimed = _claimed_hash(extensions)
        if text is None:
            if claimed is None:
                raise ClientError("The request has no query.", code="QUERY_MISSING")
            return self._known(claimed)
        if claimed is not None and claimed != _hash(text):
            raise ClientError("The hash is not that of the query.", code="PERSISTED_QUERY_HASH_MISMATCH")
        return self._listed(text) if self._is_safelist else text

    def register(self, text: str, extensions: Mapping[str, Any] | None) -> None:
        """Remember a valid text whose hash the client gave with it; `resolve` has checked the hash."""
        claimed = _claimed_hash(extensions)
        if claimed is not None and self._is_automatic and self._registered.get(claimed) is None:
            self._registered.put(claimed, text, size=len(text))

    def _known(self, claimed: str) -> str:
        text = self._manifest.get(claimed)
        if text is None and self._is_automatic:
            text = self._registered.get(claimed)
        if text is not None:
            return text
        if self._is_safelist:
            raise _not_listed()
        if not self._is_automatic:
            raise ClientError("Queries are not persisted here.", code="PERSISTED_QUERY_NOT_SUPPORTED")
        # Clients of the protocol look for this very message, and for status 200.
        raise ClientError("PersistedQueryNotFound", code="PERSISTED_QUERY_NOT_FOUND", status=200)

    def _listed(self, text: str) -> str:
        listed = self._texts.get(text)
        if listed is not None:
            return listed
        try:
            if len(text) <= self._max_characters and _count_tokens(text, self._max_tokens) <= self._max_tokens:
                listed = self._texts.get(strip_ignored_characters(text))
        except GraphQLError:
            listed = None
        if listed is None:
            raise _not_listed()
        return listed


def _count_tokens(text: str, most: int) -> int:
    """The number of tokens, comments included; one more than `most` if there are more.

    Raises:
        GraphQLError: the text has something that is no token.
    """
    lexer, position, count = Lexer(Source(text)), 0, 0
    while count <= most:
        token = lexer.read_next_token(position)
        if token.kind is TokenKind.EOF:
            break
        position, count = token.end, count + 1
    return count


def _claimed_hash(extensions: Mapping[str, Any] | None) -> str | None:
    if not extensions:
        return None
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise ClientError("Only version 1 of persisted queries is known.", code="PERSISTED_QUERY_NOT_SUPPORTED")
    claimed = persisted.get("sha256Hash")
    if not isinstance(claimed, str):
        raise ClientError("persistedQuery has no sha256Hash.", code="PERSISTED_QUERY_NOT_SUPPORTED")
    return claimed.lower()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _not_listed() -> ClientError:
    return ClientError(
        "Only operations that are deployed with the gateway are answered.", code="OPERATION_NOT_SAFELISTED"
    )
