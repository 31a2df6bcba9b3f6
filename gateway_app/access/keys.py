"""Where API keys are kept, and where a request carries one."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, Protocol

from gateway_app.access.principals import Principal
from gateway_app.access.proxies import header

KEY_SUBPROTOCOL = "openai-insecure-api-key."
"""Browsers cannot set headers on a WebSocket, so they send the key in this one."""

_KEY_ID_CONTEXT = b"voice-server key id\0"
"""Keeps the published id of a key apart from the digest that keys are compared by."""


class KeySource(Protocol):
    """A place where API keys are kept."""

    async def in_use(self) -> bool:
        """Whether it holds any key, so that requests must show one."""

    async def principal(self, key: str) -> Principal | None:
        """Whose key it is, or None when it is not known."""


class ConfigKeys:
    """The keys of the setting `api_keys`.

    The id of a principal is derived from the key alone, so that reordering the
    setting, or removing another key, gives nobody what belongs to somebody else.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._digests = [_digest(key) for key in keys]

    async def in_use(self) -> bool:
        return bool(self._digests)

    async def principal(self, key: str) -> Principal | None:
        given = _digest(key)
        # Every key is compared in full, so that the time taken tells nothing about them.
        matches = [hmac.compare_digest(given, digest) for digest in self._digests]
        return key_principal(key) if any(matches) else None


def key_principal(key: str) -> Principal:
    """The principal of whoever shows this key."""
    fingerprint = hashlib.sha256(_KEY_ID_CONTEXT + key.encode()).hexdigest()
    return Principal(f"key:{fingerprint[:16]}", "key", f"key {fingerprint[:8]}")


def presented_key(scope: dict[str, Any]) -> str:
    """The key that came with the request, wherever it was put; empty when none."""
    scheme, _, value = header(scope, b"authorization").partition(" ")
    if scheme.lower() in ("bearer", "token") and value.strip():
        return value.strip()
    if value := header(scope, b"x-api-key"):
        return value
    for offered in scope.get("subprotocols", ()):
        if offered.startswith(KEY_SUBPROTOCOL):
            return str(offered.removeprefix(KEY_SUBPROTOCOL))
    return ""


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
