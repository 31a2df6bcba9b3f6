"""Whether the socket of a key may stay open."""

from __future__ import annotations

from dataclasses import replace

from common.errors import Forbidden, Unauthorized
from gateway_app.access.restrictions import check_restrictions
from gateway_app.keys.snapshot import KeySnapshot
from gateway_app.sockets.closing import is_narrower
from gateway_app.sockets.connection import Connection


def complaint(
    session: Connection, snapshot: KeySnapshot, now: float
) -> Unauthorized | None:
    """Why the connection may not stay: its key was revoked, deleted or narrowed, or has
    expired. None if it may, or has no key of the database."""
    principal = session.principal
    if not principal.credential:
        return None
    current = snapshot.still(principal.credential, now)
    if current is None:
        return Unauthorized("The API key is not valid any more.")
    if is_narrower(current, principal):
        return Unauthorized("The scopes of the API key have changed. Connect anew.")
    try:
        current = replace(current, by_token=principal.by_token)
        check_restrictions(current, session.client, session.origin)
    except Forbidden as error:
        return Unauthorized(error.message)
    return None
