"""Authentication: a principal for each request and socket, or an error."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from common.config import Config
from common.errors import Forbidden, Unauthorized
from gateway_app.access.browser_tokens import (
    TOKEN_PREFIX,
    BrowserTokens,
    Claims,
    NotAToken,
)
from gateway_app.access.counters import Counters
from gateway_app.access.keys import ConfigKeys, KeySource, presented_key
from gateway_app.access.origins import check_origin
from gateway_app.access.principals import (
    ANONYMOUS,
    Principal,
    Scope,
    principals_of_accounts,
    user_principal,
)
from gateway_app.access.proxies import behind_proxy, client_address, header
from gateway_app.access.quotas import (
    Allowance,
    FailedLogins,
    FailureListener,
    Kind,
    Quotas,
)
from gateway_app.access.restrictions import check_restrictions
from gateway_app.access.root_path import below
from gateway_app.access.routes import NO_ROUTES, Route, Routes
from gateway_app.access.session_users import user_of_session

SUBPROTOCOLS = ("voice.v1", "realtime", "token")
"""Subprotocols that a client may request; the response never repeats the key."""


class AccessControl:
    """Authenticates requests and sockets, and checks that they may use their route.

    `routes` is the table of all routes; `further_keys` are stores of keys besides the
    setting `api_keys`; `listener` is told of each wrong key and password.
    """

    def __init__(
        self,
        config: Config,
        counters: Counters,
        further_keys: Sequence[KeySource] = (),
        listener: FailureListener | None = None,
        routes: Routes = NO_ROUTES,
    ) -> None:
        self.failures = FailedLogins(counters, listener)
        """Counts keys here, and passwords at the admin's login."""
        self.tokens = BrowserTokens(counters, config.tokens_per_minute)
        """Short-lived tokens for sockets of web pages."""
        self._quotas = Quotas(config, counters)
        self.routes = routes
        self._config = config
        keys = ConfigKeys(config.api_keys, config.history_keys)
        self._sources = (keys, *further_keys)

    async def authenticate(
        self,
        scope: dict[str, Any],
        signed_in: Callable[[], Awaitable[Any]] | None = None,
        *,
        needs_key: bool = True,
    ) -> Principal:
        """The principal. `signed_in` finds the user of the session; asked only if needed.
        Without `needs_key` a caller who shows nothing is ANONYMOUS.

        Raises Unauthorized, with the same words for a wrong key and an unknown one,
        and TooMany for an address that keeps trying or a principal over its quota.
        """
        address = client_address(scope)
        found = await self._principal(scope, address, signed_in, needs_key)
        principal = self._quotas.limited(found)
        await self._quotas.count_request(principal, address)
        return principal

    async def allowance(self, principal: Principal, address: str) -> Allowance | None:
        """What is left of this minute's requests; None without a limit."""
        return await self._quotas.allowance(principal, address)

    async def _principal(
        self,
        scope: dict[str, Any],
        address: str,
        signed_in: Callable[[], Awaitable[Any]] | None,
        needs_key: bool,
    ) -> Principal:
        key = presented_key(scope)
        if not await self.keys_are_required():
            return self._anonymous(key)
        if key:
            if key.startswith(TOKEN_PREFIX):
                principal = await self._principal_of_token(key, scope, address)
            else:
                principal = await self._principal_of_key(key, address)
            check_restrictions(principal, address, header(scope, b"origin"))
            return principal
        user = await signed_in() if signed_in else scope.get("user")
        if user is not None and user.is_authenticated:
            return await user_principal(user)
        if not needs_key:
            return ANONYMOUS
        raise Unauthorized(
            "An API key is required: send `Authorization: Bearer KEY` or `X-API-Key: KEY`."
        )

    async def keys_are_required(self) -> bool:
        """Whether callers need a key or a session. Raises Unavailable."""
        if needs_key_always(self._config):
            return True
        return any([await source.in_use() for source in self._sources])

    async def _principal_of_key(self, key: str, address: str) -> Principal:
        # Before the failure count: a neighbour's failures cannot lock out a valid key.
        for source in self._sources:
            if (principal := await source.principal(key)) is not None:
                return principal
        await self._count_failure(address)
        raise Unauthorized("The API key is not valid.")

    async def _count_failure(self, address: str) -> None:
        self.failures.listener.failed(Kind.KEY, address)
        await self.failures.count(address)

    def _anonymous(self, key: str) -> Principal:
        """The principal of a server without keys; a token still describes a session.
        Raises Unauthorized for one that has expired: the session would be another one."""
        if not key.startswith(TOKEN_PREFIX):
            return ANONYMOUS
        try:
            return replace(ANONYMOUS, session=self.tokens.read(key).session)
        except NotAToken:  # a key of another service
            return ANONYMOUS

    async def _principal_of_token(
        self, token: str, scope: dict[str, Any], address: str
    ) -> Principal:
        path = below(scope["path"], self._config.root_path)
        opens = self._takes_token(scope, path)
        try:
            claims = await self.tokens.take(token, path, opens_session=opens)
        except NotAToken:
            await self._count_failure(address)
            raise
        principal = await self._principal_named(claims)
        if principal is None:
            raise Unauthorized("Whoever asked for this token has lost access since.")
        scopes = frozenset(filter(principal.may, claims.scopes))
        return replace(principal, scopes=scopes, by_token=True, session=claims.session)

    def _takes_token(self, scope: dict[str, Any], path: str) -> bool:
        """Whether a token for any session is good for it."""
        if scope["type"] == "websocket":
            return True
        return self.routes.of(scope["method"], path).takes_token

    async def _principal_named(self, claims: Claims) -> Principal | None:
        """Who asked for the token, as it is now; None if it has lost access."""
        principal_id = claims.principal_id
        if principal_id == ANONYMOUS.id:
            return None  # keys are required by now
        for source in self._sources:
            principal = await source.named(principal_id, claims.credential)
            if principal is not None:
                return principal
        return (await principals_of_accounts([principal_id])).get(principal_id)

    async def admit_socket(self, scope: dict[str, Any]) -> Principal:
        """The principal of a WebSocket. Raises Unauthorized, Forbidden, TooMany."""
        self.check_origin(scope)
        principal = await self.authenticate(scope)
        path = below(scope["path"], self._config.root_path)
        check_scope(principal, self.routes.of_socket(path))
        by_cookie = principal.kind == "user" and not presented_key(scope)
        if by_cookie and not header(scope, b"origin"):
            raise Forbidden("A signed-in browser must send an `Origin` header.")
        return principal

    async def admit_body(self, scope: dict[str, Any]) -> None:
        """Check on its headers that a request may send a large body. `scope` needs no
        state and no session. Raises Unauthorized, Forbidden, and TooMany for an address
        that keeps trying; quotas are counted when the request is complete.
        """
        scope = behind_proxy(scope, self._config.trusted_proxies)
        address = client_address(scope)
        path = below(scope["path"], self._config.root_path)

        async def signed_in() -> Any:
            return await user_of_session(scope)

        route = self.routes.of(scope["method"], path)
        if not route.skips_access:
            check_scope(
                await self._principal(scope, address, signed_in, needs_key=True), route
            )
        elif not getattr(await signed_in(), "is_staff", False):
            raise Unauthorized(f"{path} takes large bodies of signed-in staff only.")

    async def admit_without_key(self, address: str) -> Principal:
        """The principal of a protocol that has no keys. Raises TooMany."""
        principal = self._quotas.limited(ANONYMOUS)
        await self._quotas.count_request(principal, address)
        return principal

    def check_origin(self, scope: dict[str, Any]) -> None:
        """Refuse a browser's request from a page of another site. Raises Forbidden."""
        check_origin(scope, self._config)


def needs_key_always(config: Config) -> bool:
    """Whether a server that has no key at all is closed rather than open: in production,
    where the last key may be deleted while it runs."""
    return config.is_production and not config.allow_anonymous


def check_scope(principal: Principal, route: Route) -> None:
    """Raises Forbidden if the principal lacks the scope of the route."""
    if isinstance(route.needs, Scope):
        principal.must_have(route.needs)


def offered_subprotocol(scope: dict[str, Any]) -> str | None:
    """The subprotocol to accept: one that we know, never the key."""
    offered = scope.get("subprotocols", ())
    return next((name for name in offered if name in SUBPROTOCOLS), None)
