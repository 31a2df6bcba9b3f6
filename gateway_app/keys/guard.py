"""Closes the sessions of keys that may no longer do what they did."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog

from common.errors import Forbidden, Unauthorized
from gateway_app.access.principals import Principal
from gateway_app.access.restrictions import check_restrictions
from gateway_app.keys.snapshot import KeySnapshot
from gateway_app.sockets.connection import Connection
from gateway_app.sockets.sessions import SessionRegistry

log = structlog.get_logger(__name__)

CLOSE_SECONDS = 2.0
"""A client that does not read gets no more time for its error message."""


async def close_unwelcome(
    sessions: SessionRegistry, snapshot: KeySnapshot, now: float
) -> None:
    """Close each socket whose key was revoked, deleted or narrowed, or has expired."""
    closing = []
    for session in sessions.sessions():
        if isinstance(session, Connection):
            error = complaint(session, snapshot, now)
            if error is not None:
                closing.append(_close(session, error))
    await asyncio.gather(*closing)


def complaint(
    session: Connection, snapshot: KeySnapshot, now: float
) -> Unauthorized | None:
    """Why the connection may not stay; None if it may, or has no key of the database."""
    principal = session.principal
    if not principal.credential:
        return None
    current = snapshot.still(principal.credential, now)
    if current is None:
        return Unauthorized("The API key is not valid any more.")
    if _is_narrower(current, principal):
        return Unauthorized("The scopes of the API key have changed. Connect anew.")
    try:
        current = replace(current, by_token=principal.by_token)
        check_restrictions(current, session.client, session.origin)
    except Forbidden as error:
        return Unauthorized(error.message)
    return None


def _is_narrower(current: Principal, then: Principal) -> bool:
    return not all(current.may(scope) for scope in then.scopes)


async def _close(session: Connection, error: Unauthorized) -> None:
    log.info("session of a key closed", principal=session.principal.id)
    try:
        await asyncio.wait_for(session.fail(error), CLOSE_SECONDS)
    except TimeoutError:
        await session.close(error.close_code)
