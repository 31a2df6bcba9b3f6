"""Closes the sockets of users who may no longer do what they did."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from django.db import Error as DatabaseFailure

from common.errors import Unauthorized
from common.remote.watch import Watch
from gateway_app.access.principals import Principal, principals_of_accounts
from gateway_app.sockets.closing import close_unwelcome, is_narrower, open_sockets
from gateway_app.sockets.connection import Connection
from gateway_app.sockets.sessions import SessionRegistry

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0


class AccountGuard:
    """Looks at the accounts of open sockets. While the database is down, they stay."""

    def __init__(
        self, sessions: SessionRegistry, *, poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._sessions = sessions
        self._watch = Watch(self._check, lambda: poll_seconds)
        self._away = False

    async def start(self) -> None:
        await self._watch.start()

    async def stop(self) -> None:
        await self._watch.stop()

    async def look(self) -> None:
        """Close the sockets of accounts that were disabled, deleted, or lost a scope.
        Raises Django's database errors."""
        principals = [socket.principal for socket in open_sockets(self._sessions)]
        users = {each.id for each in principals if each.kind == "user"}
        if not users:
            return
        found = await principals_of_accounts(users)
        current = {each: found.get(each) for each in users}
        await close_unwelcome(
            self._sessions, lambda socket: _complaint(socket, current)
        )

    async def _check(self) -> None:
        """Must outlive any failure; an outage is logged once."""
        try:
            await self.look()
        except DatabaseFailure as error:
            if not self._away:
                log.warning("accounts not read", reason=type(error).__name__)
            self._away = True
        except Exception:
            log.exception("accounts not looked after")
        else:
            self._away = False


def _complaint(
    socket: Connection, current: Mapping[str, Principal | None]
) -> Unauthorized | None:
    principal = socket.principal
    if principal.id not in current:
        return None
    now = current[principal.id]
    if now is None:
        return Unauthorized("The account is disabled.")
    if is_narrower(now, principal):
        return Unauthorized("The role of the account has changed. Connect anew.")
    return None
