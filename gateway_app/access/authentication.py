"""Who may come in: API keys, signed-in sessions, and the origin of browsers' requests."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from django.http.request import split_domain_port, validate_host

from common.config import Config
from common.errors import Forbidden, Unauthorized
from gateway_app.access.failed_logins import FailedLogins
from gateway_app.access.proxies import client_address, header

KEY_SUBPROTOCOL = "openai-insecure-api-key."
"""Browsers cannot set headers on a WebSocket, so they send the key in this one."""
SUBPROTOCOLS = ("voice.v1", "realtime")
"""Subprotocols that a socket may be asked for; the answer never repeats the key."""

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


_KEY_ID_CONTEXT = b"voice-server key id\0"
"""Keeps the published id of a key apart from the digest that keys are compared by."""


@dataclass(frozen=True)
class Caller:
    """Who sent a request, once it was let in."""

    kind: Literal["anonymous", "key", "user"]
    id: str
    """Stable for as long as the key or the account exists; conversations belong to it."""
    name: str = ""
    """For people to read; two callers may have the same one."""
    client: str = ""


ANONYMOUS = Caller("anonymous", "anonymous")


@dataclass(frozen=True)
class KeyOwner:
    """Whose key it is: the `id` and the `name` of the Caller who shows it."""

    id: str
    name: str


class KeySource(Protocol):
    """A place where API keys are kept."""

    async def in_use(self) -> bool:
        """Whether it holds any key, so that callers must show one."""

    async def owner(self, key: str) -> KeyOwner | None:
        """Whose key it is, or None when it is not known."""


class ConfigKeys:
    """The keys of the setting `api_keys`.

    The id of an owner is derived from the key alone, so that reordering the
    setting, or removing another key, gives nobody what belongs to somebody else.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._digests = [_digest(key) for key in keys]

    async def in_use(self) -> bool:
        return bool(self._digests)

    async def owner(self, key: str) -> KeyOwner | None:
        given = _digest(key)
        # Every key is compared in full, so that time tells nothing about them.
        matches = [hmac.compare_digest(given, digest) for digest in self._digests]
        return _key_owner(key) if any(matches) else None


def _key_owner(key: str) -> KeyOwner:
    fingerprint = hashlib.sha256(_KEY_ID_CONTEXT + key.encode()).hexdigest()
    return KeyOwner(f"key:{fingerprint[:16]}", f"key {fingerprint[:8]}")


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


class AccessControl:
    """The door of this process, for requests and sockets alike.

    `further_keys` are places of keys beside the setting `api_keys`.
    """

    def __init__(self, config: Config, further_keys: Sequence[KeySource] = ()) -> None:
        self.attempts = FailedLogins()
        """Failures by address: of keys here, of passwords at the admin's login."""
        self._config = config
        self._sources = (ConfigKeys(config.api_keys), *further_keys)

    async def authenticate(
        self,
        scope: dict[str, Any],
        signed_in: Callable[[], Awaitable[Any]] | None = None,
    ) -> Caller:
        """The caller. `signed_in` finds the user of the session; asked only when needed.

        Raises Unauthorized, with the same words for a wrong key and an unknown one,
        and TooMany for an address that keeps trying.
        """
        client = client_address(scope)
        if not [source for source in self._sources if await source.in_use()]:
            return replace(ANONYMOUS, client=client)
        self.attempts.check(client)
        if key := presented_key(scope):
            for source in self._sources:
                if (owner := await source.owner(key)) is not None:
                    return Caller("key", owner.id, owner.name, client)
            self.attempts.count(client)
            raise Unauthorized("The API key is not valid.")
        user = await signed_in() if signed_in else scope.get("user")
        if user is not None and user.is_authenticated:
            return Caller("user", f"user:{user.pk}", user.get_username(), client)
        raise Unauthorized(
            "An API key is needed: send `Authorization: Bearer KEY` or `X-API-Key: KEY`."
        )

    async def admit_socket(self, scope: dict[str, Any]) -> Caller:
        """The caller of a WebSocket. Raises Unauthorized, Forbidden, TooMany."""
        self.check_origin(scope)
        caller = await self.authenticate(scope)
        if caller.kind == "user" and not header(scope, b"origin"):
            raise Forbidden("A signed-in browser must say its Origin.")
        return caller

    def check_origin(self, scope: dict[str, Any]) -> None:
        """Refuse a browser's request from a page of another site. Raises Forbidden.

        Programs send no Origin; they are left to the API keys.
        """
        origin = header(scope, b"origin")
        if not origin:
            return
        given = _address(origin)
        host = header(scope, b"host")
        allowed = [_address(entry) for entry in self._config.cors_allowed_origins]
        # A name that was made to point here is not ours, though it is page and host alike.
        if validate_host(split_domain_port(host)[0], self._config.allowed_hosts):
            allowed.append(_address(f"{scope.get('scheme', 'http')}://{host}"))
        if given is None or given not in allowed:
            raise Forbidden(
                f"Pages of {_printable(origin)} may not use this server; "
                "`cors_allowed_origins` (or `allowed_hosts`, for its own) can allow them."
            )


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


def offered_subprotocol(scope: dict[str, Any]) -> str | None:
    """The subprotocol to answer with: one that we know, never the key."""
    offered = scope.get("subprotocols", ())
    return next((name for name in offered if name in SUBPROTOCOLS), None)


def _address(origin: str) -> tuple[bool, str, int] | None:
    """Encrypted or not, host and port; None for what is not an origin."""
    try:
        parts = urlsplit(origin)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    if not parts.hostname:
        return None
    return parts.scheme in ("https", "wss"), parts.hostname, port


def _printable(text: str) -> str:
    return re.sub(r"[^\x21-\x7e]", "?", text)[:100]
