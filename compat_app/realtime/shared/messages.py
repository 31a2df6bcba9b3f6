"""The events of `/v1/realtime`, each declared once; codec and documentation come from here.

Source: the types of `openai.types.realtime` in the openai library, version 3.54.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from chat_app.protocol.event import ServerEvent
from chat_app.protocol.server import Cleared, Committed, ItemAdded
from compat_app.realtime.shared.conversation import ConversationChanges
from compat_app.realtime.shared.parts import (
    ErrorDetails,
    FailureDetails,
    LogProb,
    SpokenLanguage,
    Usage,
)
from compat_app.realtime.shared.session import SessionChanges

_ITEM_EXAMPLE = "item_9f0c1f7d3a2b4c5d6e7f8"
_SESSION_EXAMPLE = {
    "type": "transcription",
    "audio": {"input": {"turn_detection": {"type": "server_vad"}}},
}


class ClientEvent(BaseModel):
    """An event of a client. Fields that are not declared are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    event_id: str | None = Field(
        None,
        max_length=512,
        description="The client's own id; an `error` about this event repeats it.",
    )


class SessionUpdate(ClientEvent):
    """Change the configuration; only the fields that are present change. Answered by `session.updated`."""

    type: Literal["session.update"] = "session.update"
    session: Annotated[
        SessionChanges | ConversationChanges, Field(discriminator="type")
    ] = Field(
        description="`type` (`transcription` or `realtime`; it can change before the first audio), `audio.input` and `include`; of a conversation also `instructions`, `output_modalities`, `audio.output` (`format`, `voice`, `speed`), `tools`, `tool_choice`, `max_output_tokens` and `model`.",
        examples=[_SESSION_EXAMPLE],
    )


class AppendAudio(ClientEvent):
    """Audio in the session's format. There is no answer."""

    type: Literal["input_audio_buffer.append"] = "input_audio_buffer.append"
    audio: str = Field(
        description="Mono audio in base64, of any length that fits in a message.",
        examples=["AAAAAA=="],
    )


class CommitAudio(ClientEvent):
    """End the turn now: all audio since the last turn becomes one item."""

    type: Literal["input_audio_buffer.commit"] = "input_audio_buffer.commit"


class ClearAudio(ClientEvent):
    """Drop the audio of the current turn."""

    type: Literal["input_audio_buffer.clear"] = "input_audio_buffer.clear"


CLIENT_MESSAGES = (SessionUpdate, AppendAudio, CommitAudio, ClearAudio)


class SessionCreated(ServerEvent):
    """The first event: the session with its default configuration."""

    type: Literal["session.created"] = "session.created"
    session: dict[str, Any] = Field(
        description="The configuration in effect, with `id`, `object` and `expires_at` (in Unix time).",
        examples=[_SESSION_EXAMPLE],
    )


class SessionUpdated(ServerEvent):
    """The answer to `session.update`: the whole configuration in effect."""

    type: Literal["session.updated"] = "session.updated"
    session: dict[str, Any] = Field(
        description="As in `session.created`.", examples=[_SESSION_EXAMPLE]
    )


class ItemEvent(ServerEvent):
    """An event about one item, which is one turn of the speaker."""

    item_id: str = Field(
        description="The item: all events of one turn have the same id.",
        examples=[_ITEM_EXAMPLE],
    )


class SpeechStarted(ItemEvent):
    """Speech has started. Sent with turn detection only."""

    type: Literal["input_audio_buffer.speech_started"] = (
        "input_audio_buffer.speech_started"
    )
    audio_start_ms: int = Field(
        description="Start of the item's audio, in milliseconds of audio received.",
        examples=[510],
    )


class SpeechStopped(ItemEvent):
    """Speech has ended; the transcript follows. Sent with turn detection only."""

    type: Literal["input_audio_buffer.speech_stopped"] = (
        "input_audio_buffer.speech_stopped"
    )
    audio_end_ms: int = Field(
        description="End of the item's audio, in milliseconds of audio received.",
        examples=[1_740],
    )


_ITEM: Any = Field(
    description="The item: a turn of the user is a `message` with `input_audio`.",
    examples=[{"id": _ITEM_EXAMPLE, "type": "message", "role": "user"}],
)
_PREVIOUS: Any = Field(None, description="The item before it; null for the first one.")


class ItemDone(ServerEvent):
    """The item is complete, except for its transcript."""

    type: Literal["conversation.item.done"] = "conversation.item.done"
    previous_item_id: str | None = _PREVIOUS
    item: dict[str, Any] = _ITEM


class TranscriptEvent(ItemEvent):
    """An event about the transcript of an item."""

    content_index: int = Field(0, description="Always 0.")


class TranscriptDelta(TranscriptEvent):
    """More of the transcript: text that does not change while the speaker continues."""

    type: Literal["conversation.item.input_audio_transcription.delta"] = (
        "conversation.item.input_audio_transcription.delta"
    )
    delta: str = Field(description="The text to append.", examples=[" my fellow"])


class TranscriptCompleted(TranscriptEvent):
    """The transcript of an item. It replaces all deltas."""

    type: Literal["conversation.item.input_audio_transcription.completed"] = (
        "conversation.item.input_audio_transcription.completed"
    )
    transcript: str = Field(
        description="The text; empty if there were no words.",
        examples=["And so, my fellow Americans."],
    )
    usage: Usage = Field(
        description="`seconds` of audio.",
        examples=[{"type": "duration", "seconds": 2.1}],
    )
    languages: list[SpokenLanguage] | None = Field(
        None,
        description="The languages in it, each with its `code`.",
        examples=[[{"code": "en"}]],
    )
    logprobs: list[LogProb] | None = Field(
        None, description="One entry for each word, if `include` asks for them."
    )


class TranscriptFailed(TranscriptEvent):
    """The item has no transcript. The session continues."""

    type: Literal["conversation.item.input_audio_transcription.failed"] = (
        "conversation.item.input_audio_transcription.failed"
    )
    error: FailureDetails = Field(
        description="`type`, `code`, `message` and `param`.",
        examples=[{"type": "server_error", "code": "engine_failed"}],
    )


class ErrorEvent(ServerEvent):
    """An event from the client was rejected, or the session cannot continue and closes."""

    type: Literal["error"] = "error"
    error: ErrorDetails = Field(
        description="`type`, `code`, `message`, `param`, and the client's `event_id`.",
        examples=[{"type": "invalid_request_error", "code": "invalid_value"}],
    )


SERVER_MESSAGES = (
    SessionCreated,
    SessionUpdated,
    SpeechStarted,
    SpeechStopped,
    Committed,
    Cleared,
    ItemAdded,
    ItemDone,
    TranscriptDelta,
    TranscriptCompleted,
    TranscriptFailed,
    ErrorEvent,
)
