"""The session configuration inside the token of a client secret."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from compat_app.realtime.shared.conversation import ConversationChanges
from compat_app.realtime.shared.session import SessionChanges
from gateway_app.access.principals import Principal

Changes = SessionChanges | ConversationChanges
_Tagged = Annotated[Changes, Field(discriminator="type")]
_CHANGES: TypeAdapter[Any] = TypeAdapter(_Tagged)


def session_json(changes: Changes) -> str:
    """JSON of the fields that the client has set, and of the type."""
    given = changes.model_dump(mode="json", exclude_unset=True)
    return json.dumps({**given, "type": changes.type}, separators=(",", ":"))


def session_of_token(principal: Principal) -> Changes | None:
    """The configuration that the caller's token gives its session; None without one."""
    if not principal.session:
        return None
    changes: Changes = _CHANGES.validate_json(principal.session)
    return changes
