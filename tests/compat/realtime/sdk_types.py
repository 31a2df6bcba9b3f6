"""Events checked by the types of the openai library, more strictly than it does itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from openai.types.realtime import RealtimeServerEvent
from openai.types.realtime.realtime_session_create_response import (
    RealtimeSessionCreateResponse,
)
from openai.types.realtime.realtime_transcription_session_create_response import (
    RealtimeTranscriptionSessionCreateResponse,
)
from pydantic import BaseModel

CLASSES: dict[str, type[BaseModel]] = {
    get_args(each.model_fields["type"].annotation)[0]: each
    for each in get_args(get_args(RealtimeServerEvent)[0])
}
SESSIONS: dict[str, type[BaseModel]] = {
    "realtime": RealtimeSessionCreateResponse,
    "transcription": RealtimeTranscriptionSessionCreateResponse,
}
SESSION_ONLY = ("id", "object", "expires_at")
"""Fields of the session object that the API sends and the type of the event lacks.
The classes of SESSIONS have them."""


def check_event(event: dict[str, Any]) -> BaseModel:
    """The event as the library's class. Raises if a field is wrong, missing or unknown."""
    if "session" in event:
        session = event["session"]
        check_session(session)
        rest = {name: session[name] for name in session if name not in SESSION_ONLY}
        event = {**event, "session": rest}
    parsed = CLASSES[event["type"]].model_validate(event, strict=True)
    unknown = list(undeclared(parsed))
    assert not unknown, f"{event['type']} has unknown fields: {unknown}"
    return parsed


def check_session(session: dict[str, Any]) -> BaseModel:
    """The same for a session object."""
    parsed = SESSIONS[session["type"]].model_validate(session, strict=True)
    if session["type"] == "realtime":  # the other class lacks the newer fields
        unknown = list(undeclared(parsed))
        assert not unknown, f"the session has unknown fields: {unknown}"
    return parsed


def undeclared(value: object) -> Iterator[str]:
    """Every field that no class declares, however deep."""
    if isinstance(value, BaseModel):
        yield from value.model_extra or ()
        for name in type(value).model_fields:
            yield from undeclared(getattr(value, name))
    elif isinstance(value, list):
        for each in value:
            yield from undeclared(each)
