"""Stores of API keys, and where a request carries its key."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, Protocol

from gateway_app.access.principals import (
    ALL_SCOPES,
    KEY_PREFIX,
    USUAL_SCOPES,
    Principal,
    Scope,
)
from gateway_app.access.proxies import header

KEY_SUBPROTOCOL = "openai-insecure-api-key."
"""Browsers cannot set headers on a WebSocket, so they send the key in this one."""

_KEY_ID_CONTEXT = b"voice-server key id\0"
"""Separates the published id of a key from the digest used for comparison."""


class KeySource(Protocol):
    """A store of API keys."""

    async def in_use(self) -> bool:
        """Whether it holds any key, so that requests need one."""

    async def principal(self, key: str) -> Principal | None:
        """The principal of the key, or None if it is unknown."""

    async def named(self, principal_id: str, credential: str) -> Principal | None:
        """The principal with this id while its secret `credential` is valid, otherwise
        None."""


class ConfigKeys:
    """The keys of the setting `api_keys`.

    The id of a principal is derived from the key alone, so that reordering the setting,
    or removing another key, never changes who owns what.
    """

    def __init__(self, keys: Sequence[str], history_keys: Sequence[str] = ()) -> None:
        """`history_keys` are those of them that may read the texts of others."""
        self._digests = [_digest(key) for key in keys]
        self._history_digests = {_digest(key) for key in history_keys}
        found = [self._principal_of(key) for key in keys]
        self._principals = {principal.id: principal for principal in found}

    async def in_use(self) -> bool:
        return bool(self._digests)

    async def principal(self, key: str) -> Principal | None:
        given = _digest(key)
        # Every key is compared in full, so the time taken reveals nothing about them.
        matches = [hmac.compare_digest(given, digest) for digest in self._digests]
        if not any(matches):
            return None
        return self._principal_of(key)

    def _principal_of(self, key: str) -> Principal:
        reads_history = _digest(key) in self._history_digests
        return key_principal(key, ALL_SCOPES if reads_history else USUAL_SCOPES)

    async def named(self, principal_id: str, credential: str) -> Principal | None:
        return self._principals.get(principal_id)


def key_principal(key: str, scopes: frozenset[Scope] = USUAL_SCOPES) -> Principal:
    """The principal of this key."""
    fingerprint = hashlib.sha256(_KEY_ID_CONTEXT + key.encode()).hexdigest()
    name = f"key {fingerprint[:8]}"
    return Principal(f"{KEY_PREFIX}{fingerprint[:16]}", "key", name, scopes)


def presented_key(scope: dict[str, Any]) -> str:
    """The key of the request, from any of the places; empty if there is none."""
    scheme, _, value = header(scope, b"authorization").partition(" ")
    if scheme.lower() in ("bearer", "token") and value.strip():
        return value.strip()
    if value := header(scope, b"x-api-key"):
        return value
    return _key_in_subprotocols(scope.get("subprotocols", ()))


def _key_in_subprotocols(offered: Sequence[str]) -> str:
    """The OpenAI form `openai-insecure-api-key.KEY`, or Deepgram's `token, KEY`."""
    for name in offered:
        if name.startswith(KEY_SUBPROTOCOL):
            return name.removeprefix(KEY_SUBPROTOCOL)
    if len(offered) == 2 and offered[0].lower() in ("token", "bearer"):
        return offered[1]
    return ""


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
