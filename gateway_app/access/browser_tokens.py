"""Short-lived tokens, with which a web page opens one WebSocket without knowing a key.

A token is signed, not stored: it holds the id of the principal, the prefix of the secret
that asked for it, the scopes, when it expires, and a number that is remembered once it
has been used. It may be good for one address only, and say what the session there is like.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.core.signing import BadSignature, Signer
from limits import RateLimitItemPerMinute

from common.errors import BadValue, TooMany, Unauthorized
from gateway_app.access.counters import Counters
from gateway_app.access.principals import Principal, Scope

TOKEN_PREFIX = "ek_"  # noqa: S105 - not one
"""As OpenAI's clients expect it of an ephemeral key."""
MAX_SECONDS = 60
TOKEN_SCOPES = (Scope.LISTEN, Scope.SPEAK, Scope.CHAT, Scope.MONITOR, Scope.HISTORY)
"""What there are sockets for."""
USUAL_TOKEN_SCOPES = (Scope.LISTEN, Scope.SPEAK, Scope.CHAT)
"""The scopes of a token for which none are asked."""

_SALT = "browser token"
MAX_SECRET_SECONDS = 7_200
"""Of a token for one address; OpenAI's client secrets last as long."""
LONGEST_TOKEN = 6_000
"""In characters: proxies allow about 8,000 in one header."""
_USES = RateLimitItemPerMinute(1, multiples=2, namespace="TOKEN_USES")
_SECRET_USES = RateLimitItemPerMinute(
    1, multiples=MAX_SECRET_SECONDS // 60 + 1, namespace="SECRET_USES"
)
"""Uses are remembered for longer than the token is valid."""


class NotAToken(Unauthorized):
    """It is not one of our tokens, so it counts as a wrong key."""


@dataclass(frozen=True)
class Issued:
    """A token, and what it is good for."""

    token: str
    expires_at: int
    """Seconds since 1970."""
    scopes: tuple[Scope, ...]


@dataclass(frozen=True)
class Claims:
    """What a valid token says."""

    principal_id: str
    credential: str
    """The prefix of the secret that asked for it; see Principal."""
    scopes: frozenset[Scope]
    expires_at: int
    number: str
    path: str = ""
    """The only address that it opens, with all below it; empty: every socket."""
    session: str = ""
    """JSON: what the session there is like."""

    def is_for(self, path: str) -> bool:
        """Whether it opens this address."""
        return not self.path or path == self.path or path.startswith(f"{self.path}/")


class BrowserTokens:
    """Issues tokens and takes each of them once.

    Uses are remembered in Redis where it is configured, otherwise by this process.
    """

    def __init__(
        self,
        counters: Counters,
        per_minute: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._counters = counters
        self._issuing = RateLimitItemPerMinute(per_minute, namespace="TOKENS")
        self._clock = clock

    async def issue(
        self,
        principal: Principal,
        scopes: Iterable[Scope] | None = None,
        seconds: int = MAX_SECONDS,
        *,
        path: str = "",
        session: str = "",
    ) -> Issued:
        """A token with these scopes, or the usual ones that the principal has; for `path`
        and `session` see Claims.

        Raises Forbidden for a scope that the principal lacks, BadValue for one that no
        socket needs and for a session that is too long, and TooMany past the tokens of
        this minute.
        """
        granted = self._granted(principal, scopes)
        if wait_seconds := await self._counters.hit(self._issuing, principal.id):
            raise TooMany(
                f"At most {self._issuing.amount} tokens a minute are issued to one "
                "caller.",
                retry_after_seconds=wait_seconds,
            )
        expires_at = int(self._clock()) + seconds
        content = {
            "p": principal.id,
            "c": principal.credential,
            "s": [scope.value for scope in granted],
            "e": expires_at,
            "n": secrets.token_urlsafe(12),
            **({"u": path} if path else {}),
            **({"x": session} if session else {}),
        }
        token = TOKEN_PREFIX + _signer().sign_object(content, compress=bool(session))
        if len(token) > LONGEST_TOKEN:
            raise BadValue(
                "The session is too long for a token: leave out long parts, and send "
                "them in `session.update`.",
                field="session",
            )
        return Issued(token, expires_at, granted)

    async def take(
        self, token: str, path: str = "", *, opens_session: bool = True
    ) -> Claims:
        """What the token says, if it is valid at that address, which opens a session, and
        was not used before.

        Raises NotAToken for a forged one, otherwise Unauthorized.
        """
        claims = self.read(token)
        if not (opens_session and claims.is_for(path)):
            good_for = f"opens `{claims.path}`" if claims.path else "opens a WebSocket"
            raise Unauthorized(f"A token {good_for}; requests need an API key.")
        uses = _SECRET_USES if claims.path else _USES
        if await self._counters.hit(uses, claims.number):
            raise Unauthorized("The token has been used: ask for another one.")
        return claims

    def read(self, token: str) -> Claims:
        """What the token says, used or not. Raises as `take`."""
        claims = self._read(token)
        if claims.expires_at < self._clock():
            raise Unauthorized("The token has expired: ask for another one.")
        return claims

    def _granted(
        self, principal: Principal, scopes: Iterable[Scope] | None
    ) -> tuple[Scope, ...]:
        if scopes is None:
            return tuple(scope for scope in USUAL_TOKEN_SCOPES if principal.may(scope))
        chosen = tuple(dict.fromkeys(scopes))
        for scope in chosen:
            if scope not in TOKEN_SCOPES:
                raise BadValue(
                    f"No WebSocket needs the scope `{scope}`; a token may have "
                    f"{', '.join(TOKEN_SCOPES)}.",
                    field="scopes",
                )
            principal.must_have(scope)
        return chosen

    def _read(self, token: str) -> Claims:
        try:
            content = _signer().unsign_object(token.removeprefix(TOKEN_PREFIX))
        except (BadSignature, ValueError) as error:
            raise NotAToken("The token is not valid.") from error
        return Claims(
            content["p"],
            content["c"],
            frozenset(Scope(scope) for scope in content["s"]),
            content["e"],
            content["n"],
            content.get("u", ""),
            content.get("x", ""),
        )


def _signer() -> Signer:
    # The separator may stand in a subprotocol; the usual colon may not.
    return Signer(sep=".", salt=_SALT)
