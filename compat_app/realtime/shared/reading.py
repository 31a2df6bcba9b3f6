"""Reads the events of clients."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from common.bounded_json import read_json
from common.errors import BadRequest, BadValue
from common.messages import LONGEST_FIELD, find_problem
from compat_app.realtime.shared import conversation_messages as conversation
from compat_app.realtime.shared.errors import Refused
from compat_app.realtime.shared.kinds import Kind
from compat_app.realtime.shared.messages import CLIENT_MESSAGES, ClientEvent

EventTypes = Mapping[str, type[ClientEvent]]
"""The class of each event, by its `type`."""


def by_type(messages: Iterable[type[ClientEvent]]) -> dict[str, type[ClientEvent]]:
    """The classes by their `type`."""
    return {str(each.model_fields["type"].default): each for each in messages}


_TRANSCRIPTION = by_type(CLIENT_MESSAGES)
_EVENTS = {
    Kind.TRANSCRIPTION: _TRANSCRIPTION,
    Kind.CONVERSATION: {**_TRANSCRIPTION, **by_type(conversation.CLIENT_MESSAGES)},
}
_CONVERSATION = ("conversation.", "response.", "output_audio_buffer.")
"""The beginnings of events that belong to a conversation."""
_NO_CONVERSATION = (
    "this session only transcribes. Use a session of the type `realtime`, with "
    "`?model=gpt-realtime` in the address."
)
_CODES = {
    "missing": "missing_required_parameter",
    "string_type": "invalid_type",
    "int_type": "invalid_type",
    "list_type": "invalid_type",
    "model_type": "invalid_type",
    "model_attributes_type": "invalid_type",
}


def read_event(
    text: str, kind: Kind = Kind.TRANSCRIPTION, more: EventTypes | None = None
) -> ClientEvent:
    """The event in a text frame, whose length the connection limits; `kind` is that of the
    session, and `more` are events that its transport adds.

    Raises Refused for an event that is not served, and BadRequest for text that is no
    event at all.
    """
    try:
        plain = read_json(text, "event")
    except BadValue as error:
        raise Refused(error.message, param=error.field) from error
    if not isinstance(plain, dict):
        raise BadRequest("An event must be a JSON object with a `type`.")
    event_id = _client_id(plain)
    name = plain.get("type")
    events = {**_EVENTS[kind], **(more or {})}
    found = events.get(name) if isinstance(name, str) else None
    if found is None:
        raise _unknown(name, kind, events, event_id)
    if isinstance(session := plain.get("session"), dict):
        session.setdefault("type", kind.value)
    try:
        return found.model_validate(plain)
    except ValidationError as error:
        raise _invalid(error, plain, event_id) from error


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


def _unknown(
    name: object, kind: Kind, events: EventTypes, event_id: str | None
) -> Refused:
    transcribes = kind is Kind.TRANSCRIPTION
    if name is None:
        message, code = "The event has no `type`.", "missing_required_parameter"
    elif transcribes and isinstance(name, str) and name.startswith(_CONVERSATION):
        message = f"`{name[:LONGEST_FIELD]}`: {_NO_CONVERSATION}"
        code = "not_supported"
    else:
        known = ", ".join(f"`{each}`" for each in events)
        message = f"Unknown event type {str(name)[:LONGEST_FIELD]!r}; use {known}."
        code = "invalid_value"
    return Refused(message, code=code, param="type", event_id=event_id)


def _invalid(
    error: ValidationError, plain: dict[str, Any], event_id: str | None
) -> Refused:
    """A problem of a pydantic error, with the path of its field."""
    problem, path = find_problem(error.errors(include_url=False), plain)
    param = ".".join(path)[:LONGEST_FIELD]
    reason = problem["msg"].removeprefix("Value error, ")
    return Refused(
        f"`{param}`: {reason}.",
        code=_CODES.get(problem["type"], "invalid_value"),
        param=param,
        event_id=event_id,
    )
