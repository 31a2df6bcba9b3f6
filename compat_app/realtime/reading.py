"""Reads the events of clients."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from pydantic import ValidationError

from common.bounded_json import read_json
from common.errors import BadRequest
from common.messages import LONGEST_FIELD
from compat_app.realtime.errors import Refused
from compat_app.realtime.messages import CLIENT_MESSAGES, ClientEvent

_EVENTS: dict[str, type[ClientEvent]] = {
    str(each.model_fields["type"].default): each for each in CLIENT_MESSAGES
}
_CONVERSATION = ("conversation.", "response.", "output_audio_buffer.")
"""The beginnings of events that belong to a conversation."""
_NO_CONVERSATION = "This server transcribes only: it does not serve conversations yet."
_TAGS = ("server_vad", "semantic_vad")
"""The names of alternatives, which pydantic puts into the path of a field."""
_CODES = {
    "missing": "missing_required_parameter",
    "string_type": "invalid_type",
    "int_type": "invalid_type",
    "list_type": "invalid_type",
    "model_type": "invalid_type",
    "model_attributes_type": "invalid_type",
}


def read_event(text: str) -> ClientEvent:
    """The event in a text frame, whose length the door limits.

    Raises Refused for an event that is not served, and BadRequest for text that is no
    event at all.
    """
    plain = read_json(text, "event")
    if not isinstance(plain, dict):
        raise BadRequest("An event must be a JSON object with a `type`.")
    event_id = _client_id(plain)
    kind = plain.get("type")
    found = _EVENTS.get(kind) if isinstance(kind, str) else None
    if found is None:
        raise _unknown(kind, event_id)
    if _is_conversation(plain):
        raise Refused(
            f"{_NO_CONVERSATION} Use a session of the type `transcription`.",
            code="not_supported",
            param="session.type",
            event_id=event_id,
        )
    try:
        return found.model_validate(plain)
    except ValidationError as error:
        raise _invalid(error, event_id) from error


def audio_bytes(audio: str) -> bytes:
    """The bytes of base64 text, in the encoding and rate of the session. Raises
    Refused."""
    try:
        return base64.b64decode(audio, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("`audio` must be base64.", param="audio") from error


def _client_id(plain: dict[str, Any]) -> str | None:
    event_id = plain.get("event_id")
    return event_id[:512] if isinstance(event_id, str) else None


def _is_conversation(plain: dict[str, Any]) -> bool:
    session = plain.get("session")
    return isinstance(session, dict) and session.get("type") == "realtime"


def _unknown(kind: object, event_id: str | None) -> Refused:
    if kind is None:
        message, code = "The event has no `type`.", "missing_required_parameter"
    elif isinstance(kind, str) and kind.startswith(_CONVERSATION):
        message = f"`{kind[:LONGEST_FIELD]}`: {_NO_CONVERSATION}"
        code = "not_supported"
    else:
        known = ", ".join(f"`{name}`" for name in _EVENTS)
        message = f"Unknown event type {str(kind)[:LONGEST_FIELD]!r}; use {known}."
        code = "invalid_value"
    return Refused(message, code=code, param="type", event_id=event_id)


def _invalid(error: ValidationError, event_id: str | None) -> Refused:
    """The first problem of a pydantic error, with the path of its field."""
    problem = error.errors(include_url=False)[0]
    path = [str(part) for part in problem["loc"] if part not in _TAGS]
    param = ".".join(path)[:LONGEST_FIELD]
    reason = problem["msg"].removeprefix("Value error, ")
    return Refused(
        f"`{param}`: {reason}.",
        code=_CODES.get(problem["type"], "invalid_value"),
        param=param,
        event_id=event_id,
    )
