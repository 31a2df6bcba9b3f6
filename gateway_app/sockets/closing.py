"""Closes the sockets of callers who have lost their permission."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from common.errors import VoiceError
from gateway_app.access.principals import Principal
from gateway_app.sockets.connection import Connection
from gateway_app.sockets.sessions import SessionRegistry

log = structlog.get_logger(__name__)

CLOSE_SECONDS = 2.0
"""A client that does not read gets no more time for its error message."""

Complaint = Callable[[Connection], VoiceError | None]
"""Why a connection may not stay; None if it may."""


def open_sockets(sessions: SessionRegistry) -> list[Connection]:
    """The sockets of this process."""
    return [each for each in sessions.sessions() if isinstance(each, Connection)]


def is_narrower(current: Principal, then: Principal) -> bool:
    """Whether a caller has lost a scope that it had."""
    return not all(current.may(scope) for scope in then.scopes)


async def close_unwelcome(sessions: SessionRegistry, complaint: Complaint) -> None:
    """Close each socket about which there is a complaint, with that error."""
    found = [(socket, complaint(socket)) for socket in open_sockets(sessions)]
    closing = [_close(socket, error) for socket, error in found if error is not None]
    await asyncio.gather(*closing)


async def _close(socket: Connection, error: VoiceError) -> None:
    log.info("session closed: not allowed any more", principal=socket.principal.id)
    try:
        await asyncio.wait_for(socket.fail(error), CLOSE_SECONDS)
    except TimeoutError:
        await socket.close(error.close_code)
