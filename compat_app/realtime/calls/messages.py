"""The events that only calls have.

Source: `output_audio_buffer.*` in `openai.types.realtime` of the openai library, version
3.54.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from chat_app.protocol.event import ServerEvent
from compat_app.realtime.shared.kinds import Kind
from compat_app.realtime.shared.messages import ClientEvent
from compat_app.realtime.shared.reading import by_type, read_event

_RESPONSE: Any = Field(
    description="The response.", examples=["resp_9f0c1f7d3a2b4c5d6e7f8"]
)


class ClearOutput(ClientEvent):
    """On a call: stop the reply that is heard, at once. Answered by `output_audio_buffer.cleared`."""

    type: Literal["output_audio_buffer.clear"] = "output_audio_buffer.clear"


class OutputStarted(ServerEvent):
    """On a call: the first audio of the response is sent."""

    type: Literal["output_audio_buffer.started"] = "output_audio_buffer.started"
    response_id: str = _RESPONSE


class OutputStopped(ServerEvent):
    """On a call: all audio of the response was sent. It follows `response.done`."""

    type: Literal["output_audio_buffer.stopped"] = "output_audio_buffer.stopped"
    response_id: str = _RESPONSE


class OutputCleared(ServerEvent):
    """On a call: the rest of the response is not sent, because the user or the client interrupted it."""

    type: Literal["output_audio_buffer.cleared"] = "output_audio_buffer.cleared"
    response_id: str = _RESPONSE


CLIENT_MESSAGES = (ClearOutput,)
SERVER_MESSAGES = (OutputStarted, OutputStopped, OutputCleared)
_MORE_EVENTS = by_type(CLIENT_MESSAGES)


def read_call_event(text: str, kind: Kind) -> ClientEvent:
    """The event in a text of the data channel. Raises as `read_event`."""
    return read_event(text, kind, _MORE_EVENTS)
