"""Who a conversation is with."""

from __future__ import annotations

from dataclasses import dataclass

from gateway_app.access.principals import Principal


@dataclass(frozen=True)
class Caller:
    """The caller of a conversation."""

    principal: Principal
    client: str
    """IP address of the client."""
    session_id: str
