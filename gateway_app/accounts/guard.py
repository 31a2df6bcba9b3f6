"""Closes the sockets of users who may no longer do what they did."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog
from django.db import Error as DatabaseFailure

from common.errors import Unauthorized
from gateway_app.access.principals import (
    USER_PREFIX,
    Principal,
    principal_of_user_id,
)
from gateway_app.sockets.closing import close_unwelcome, is_narrower, open_sockets
from gateway_app.sockets.connection import Connection
from gateway_app.sockets.sessions import SessionRegistry

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0


class AccountGuard:
    """Looks at the accounts of open sockets. While the database is down, they stay."""

    def __init__(self, sessions: SessionRegistry) -> None:
        self._sessions = sessions
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None

    async def look(self) -> None:
        """Close the sockets of accounts that were disabled, deleted, or lost a scope.
        Raises Django's database errors."""
        ids = {socket.principal.id for socket in open_sockets(self._sessions)}
        users = [each for each in ids if each.startswith(USER_PREFIX)]
        if not users:
            return
        current = {each: await principal_of_user_id(each) for each in users}
        await close_unwelcome(
            self._sessions, lambda socket: _complaint(socket, current)
        )

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await self.look()
            except DatabaseFailure as error:
                log.warning("accounts not read", reason=type(error).__name__)
            except Exception:
                log.exception("accounts not looked after")


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
