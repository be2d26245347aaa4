"""Queries known by their hash: a manifest that was deployed with the gateway, and those that clients registered (APQ).

With a safelist only the manifest's operations are answered. A client may send the hash or the text; a text that differs from the
manifest's in nothing but blanks, commas and comments is the same operation, and the manifest's text is what runs.

Source: Apollo's automatic persisted queries protocol (``extensions.persistedQuery``, version 1).
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import GraphQLError, strip_ignored_characters

from gateway.errors import ClientError
from gateway.operation.cache import BoundedCache

MAX_REGISTERED = 5_000
MAX_REGISTERED_BYTES = 20_000_000


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
        for text in manifest:
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
            listed = self._texts.get(strip_ignored_characters(text))
        except GraphQLError:
            listed = None
        if listed is None:
            raise _not_listed()
        return listed


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
