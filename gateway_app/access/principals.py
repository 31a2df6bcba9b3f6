"""Who sent a request: a stable id for conversations, history, limits and logs."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Literal

from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.http import HttpRequest

from common.errors import Forbidden

Kind = Literal["anonymous", "key", "user", "local"]


class Scope(StrEnum):
    """What a principal may use."""

    LISTEN = "stt"
    """Speech to text."""
    SPEAK = "tts"
    """Text to speech, and the language model of `/tts`."""
    CHAT = "chat"
    """Spoken conversations."""
    MONITOR = "monitor"
    """Figures of the running server, and its configuration."""
    HISTORY = "history:read"
    """The texts of other principals."""
    VOICES = "voices:write"
    """Making, changing and removing voices."""
    ADMIN = "admin"
    """Everything, the other scopes included."""


KEY_PREFIX = "key:"
USER_PREFIX = "user:"
ALL_SCOPES = frozenset(Scope)
USUAL_SCOPES = ALL_SCOPES - {Scope.HISTORY, Scope.ADMIN}


@dataclass(frozen=True)
class Limits:
    """Limits of one principal, besides those of the whole server. None leaves a limit to
    the server's default, and 0 is no limit. Once a principal was admitted its defaults
    are filled in, and None is no limit."""

    requests_per_minute: int | None = None
    """HTTP requests and new sockets."""
    sessions: int | None = None
    """Sockets that are open at the same time."""
    audio_in_seconds_per_day: int | None = None
    """Seconds of audio to transcribe, in a UTC day."""
    audio_out_seconds_per_day: int | None = None
    """Seconds of synthesised speech, in a UTC day."""
    llm_tokens_per_day: int | None = None
    """Tokens that language models read and wrote, in a UTC day."""


LIMIT_NAMES = tuple(field.name for field in fields(Limits))
NO_LIMITS = Limits()
LIMIT_NAMES = tuple(each.name for each in fields(Limits))


@dataclass(frozen=True)
class Principal:
    """Who sent an authenticated request. The client's address is not part of it."""

    id: str
    """Stable for as long as the key or the account exists: `anonymous`, `local`,
    `key:<16 hex digits>` or `user:<primary key>`."""
    kind: Kind
    name: str = ""
    """For people to read; two principals may have the same one."""
    scopes: frozenset[Scope] = USUAL_SCOPES
    limits: Limits = NO_LIMITS
    credential: str = ""
    """The prefix of the secret of a key in the database; empty for all others."""
    origins: tuple[str, ...] = ()
    """Pages whose requests may use the key; empty: requests from everywhere."""
    networks: tuple[str, ...] = ()
    """Networks of addresses that may use the key; empty: every address."""
    by_token: bool = False
    """Whether a web page came with a short-lived token of this principal."""
    session: str = ""
    """What that token says of the session to be opened: JSON."""

    def may(self, scope: Scope) -> bool:
        """Whether the principal has the scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def must_have(self, scope: Scope) -> None:
        """Raises Forbidden, which names the scope, if the principal lacks it."""
        if not self.may(scope):
            raise Forbidden(f"This needs the scope `{scope}`, which {self._words()}.")

    def _words(self) -> str:
        owner = {"key": "this API key", "user": "this account"}.get(self.kind, self.id)
        return f"{owner} does not have"


ANONYMOUS = Principal("anonymous", "anonymous")
"""Everybody, if no key is required."""
LOCAL = Principal("local", "local", scopes=ALL_SCOPES)
"""Whoever runs a command on this machine."""


class Role(StrEnum):
    """What a user is for: the name of a group, which has the permissions in the admin."""

    READER = "reader"
    """Watches the server and reads its history."""
    OPERATOR = "operator"
    """Uses speech too, manages voices, and deletes old history."""
    ADMINISTRATOR = "administrator"
    """May do everything."""


ROLE_SCOPES = {
    Role.READER: frozenset({Scope.MONITOR, Scope.HISTORY}),
    Role.OPERATOR: ALL_SCOPES - {Scope.ADMIN},
    Role.ADMINISTRATOR: ALL_SCOPES,
}
SCOPES_WITHOUT_ROLE = USUAL_SCOPES - {Scope.VOICES}
"""An account without a role may use speech, and what its permissions allow in the
admin."""


def scopes_of_user(groups: Iterable[str], *, is_superuser: bool) -> frozenset[Scope]:
    """What a user in these groups may use. The one place that decides it."""
    if is_superuser:
        return ALL_SCOPES
    roles = [ROLE_SCOPES[role] for role in Role if role in frozenset(groups)]
    return frozenset().union(*roles) if roles else SCOPES_WITHOUT_ROLE


async def user_principal(user: Any) -> Principal:
    """The principal of a user who has signed in."""
    if user.is_superuser:  # whatever the groups are: one query less for each request
        return _principal_in(user, [])
    groups = user.groups.values_list("name", flat=True)
    return _principal_in(user, [name async for name in groups])


def _principal_in(user: Any, groups: Iterable[str]) -> Principal:
    scopes = scopes_of_user(groups, is_superuser=user.is_superuser)
    return Principal(user_id(user), "user", user.get_username(), scopes)


def user_id(user: Any) -> str:
    """The id of a user's principal."""
    return f"{USER_PREFIX}{user.pk}"


def account_of(principal_id: str) -> int | None:
    """The primary key of a user's account; None for every other principal."""
    pk = principal_id.removeprefix(USER_PREFIX)
    return int(pk) if pk != principal_id and pk.isdecimal() else None


async def principals_of_accounts(principal_ids: Iterable[str]) -> dict[str, Principal]:
    """By id, the principals as they are now of those accounts that may still sign in.
    Raises Django's database errors."""
    found: dict[str, Principal] = await _read_accounts(principal_ids)
    return found


@database_sync_to_async  # type: ignore[untyped-decorator]
def _read_accounts(principal_ids: Iterable[str]) -> dict[str, Principal]:
    pks = [pk for each in principal_ids if (pk := account_of(each)) is not None]
    users = get_user_model()._default_manager.filter(pk__in=pks, is_active=True)
    found = [
        _principal_in(user, [group.name for group in user.groups.all()])
        for user in users.prefetch_related("groups")
    ]
    return {principal.id: principal for principal in found}


def principal_of(request: HttpRequest) -> Principal:
    """Who sent the request; ANONYMOUS without authentication."""
    principal: Principal = getattr(request, "principal", ANONYMOUS)
    return principal


_acting: ContextVar[Principal | None] = ContextVar("acting", default=None)


def act_as(principal: Principal) -> None:
    """What follows in this task, and in its threads, is done for this principal."""
    _acting.set(principal)


def acting() -> Principal | None:
    """For whom the current task works; None outside a request."""
    return _acting.get()
