"""The keys of the database as a store of keys: in memory, and never older than 2 s."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from django.db import DEFAULT_DB_ALIAS, Error as DatabaseFailure, connections
from django.db.models import Q

from common.errors import Unavailable
from common.remote.watch import Watch
from gateway_app.access.principals import Principal, Scope
from gateway_app.keys.guard import complaint
from gateway_app.keys.models import ApiKey, KeySecret, KeysVersion
from gateway_app.keys.snapshot import MAX_SECRETS, KeySnapshot, KnownSecret
from gateway_app.sockets.closing import close_unwelcome
from gateway_app.sockets.sessions import SessionRegistry

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

POLL_SECONDS = 1.0
"""How often a process asks whether a key has changed, in any process."""
LAST_USE_SECONDS = 60.0
"""How often the last use of keys is written."""


class DatabaseKeys:
    """A KeySource. `start` reads the keys and watches them until `stop`.

    While the database is down, the keys stay as they were last read; before they were
    ever read, nobody is let in.
    """

    def __init__(
        self, sessions: SessionRegistry, clock: Callable[[], float] = time.time
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._snapshot: KeySnapshot | None = None
        self._version: int | None = None
        self._used: dict[str, float] = {}
        self._written_at = clock()
        self._watch = Watch(self._check, lambda: POLL_SECONDS)
        self._away = False
        # Its one thread keeps one connection, and no other query delays it.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keys")

    async def start(self) -> None:
        await self._watch.start()

    async def stop(self) -> None:
        await self._watch.stop()
        await self.write_last_use()
        await self._run(connections.close_all)

    @property
    def any_key(self) -> bool:
        """Whether there is a key, as far as they were read."""
        return self._snapshot is not None and self._snapshot.any_key

    async def in_use(self) -> bool:
        """Whether there is a key, even a revoked one. Raises Unavailable."""
        return self._known().any_key

    async def principal(self, key: str) -> Principal | None:
        """The principal of a valid secret. Raises Unavailable."""
        principal = self._known().find(key, self._clock())
        if principal is not None:
            self._used[principal.credential] = self._clock()
        return principal

    async def named(self, principal_id: str, credential: str) -> Principal | None:
        """The principal with this id, if its secret with this prefix is valid. Raises
        Unavailable."""
        principal = self._known().still(credential, self._clock())
        return principal if principal and principal.id == principal_id else None

    async def refresh(self) -> None:
        """Read the keys if one of them has changed; if the database is down, later."""
        await self._try(self._read)

    async def write_last_use(self) -> None:
        """Write when keys were last used, since it was last written."""
        await self._try(self._write_last_use)

    def _known(self) -> KeySnapshot:
        if self._snapshot is None:
            raise Unavailable(
                "The API keys cannot be read from the database.", retry_after_seconds=5
            )
        return self._snapshot

    async def _check(self) -> None:
        try:
            await self._look_after()
        except Exception:
            log.exception("keys not looked after")

    async def _look_after(self) -> None:
        now = self._clock()
        await self.refresh()
        if (snapshot := self._snapshot) is not None:
            await close_unwelcome(
                self._sessions, lambda socket: complaint(socket, snapshot, now)
            )
        if now - self._written_at >= LAST_USE_SECONDS:
            self._written_at = now
            await self.write_last_use()

    async def _try(self, work: Callable[[], None]) -> None:
        try:
            await self._run(work)
        except DatabaseFailure as error:
            if not self._away:
                log.warning("keys not read or written", reason=type(error).__name__)
            self._away = True
            await self._run(connections.close_all)
        else:
            self._away = False

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _read(self) -> None:
        # Before the keys: a change in between is then read again.
        version = KeysVersion.objects.values_list("version", flat=True).first() or 0
        if version != self._version:
            self._snapshot = read_snapshot()
            self._version = version

    def _write_last_use(self) -> None:
        used, self._used = self._used, {}
        for prefix, at in used.items():
            when = datetime.fromtimestamp(at, UTC)
            # Another process may have written the same minute.
            old = Q(last_used_at=None) | Q(
                last_used_at__lt=when - timedelta(seconds=LAST_USE_SECONDS)
            )
            KeySecret.objects.filter(old, prefix=prefix).update(last_used_at=when)


def read_snapshot(database: str = DEFAULT_DB_ALIAS) -> KeySnapshot:
    """All keys as they are. Raises Django's database errors."""
    live = KeySecret.objects.using(database).filter(
        revoked_at=None, key__revoked_at=None
    )
    secrets = [_known_secret(each) for each in live.select_related("key")[:MAX_SECRETS]]
    return KeySnapshot(secrets, ApiKey.objects.using(database).exists())


def _known_secret(secret: KeySecret) -> KnownSecret:
    key = secret.key
    known = {str(scope): scope for scope in Scope}
    principal = Principal(
        key.principal,
        "key",
        key.name,
        # A later version may have stored others.
        frozenset(known[name] for name in key.scopes if name in known),
        key.limits,
        secret.prefix,
        tuple(key.origins),
        tuple(key.addresses),
    )
    expires_at = key.expires_at.timestamp() if key.expires_at else None
    return KnownSecret(secret.prefix, secret.digest, principal, expires_at)
