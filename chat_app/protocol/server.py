"""The messages of the server on `/ws/voice`, each declared once."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from chat_app.protocol.event import INDEX, ITEM, RESPONSE, ServerEvent

_PREVIOUS: Any = Field(None, description="The item before it; null for the first one.")
_WHOLE_ITEM: Any = Field(
    description="`id`, `type`, `status`; of a `message` also `role` and `content`, of a `function_call` `call_id`, `name` and `arguments`, of a `function_call_output` `call_id` and `output`.",
    examples=[{"id": "item_9f0c1f7d3a2b4c5d6e7f8", "role": "user"}],
)


class SessionCreated(ServerEvent):
    """The first event: the models are warm, and audio is accepted."""

    type: Literal["session.created"] = "session.created"
    session: dict[str, Any] = Field(
        description="The configuration in effect, with `id`; `x.not_ready` names the models that are not warm, each with a sentence. After a lost connection, `/ws/voice?resume=` with `x.resume_token` continues the conversation for `resume_seconds`: `x.resumed` is then true, `x.items` is what was said (`id`, `role`, `text`, `done`), and `x.audio_ms` is how much audio was received; send what follows. Audio that was not received is not lost if you keep it.",
        examples=[{"type": "realtime", "x.not_ready": {}}],
    )


class SessionUpdated(ServerEvent):
    """The answer to `session.update`: the whole configuration in effect."""

    type: Literal["session.updated"] = "session.updated"
    session: dict[str, Any] = Field(
        description="As in `session.created`.", examples=[{"type": "realtime"}]
    )


class SpeechStarted(ServerEvent):
    """The user has the floor. During a reply it comes when the reply is interrupted, not at the first sound."""

    type: Literal["input_audio_buffer.speech_started"] = (
        "input_audio_buffer.speech_started"
    )
    item_id: str = ITEM
    audio_start_ms: int = Field(
        description="Start of the speech, in milliseconds of audio received.",
        examples=[510],
    )


class SpeechStopped(ServerEvent):
    """The user's turn has ended; `input_audio_buffer.committed` or `x.turn.dropped` follows."""

    type: Literal["input_audio_buffer.speech_stopped"] = (
        "input_audio_buffer.speech_stopped"
    )
    item_id: str = ITEM
    audio_end_ms: int = Field(
        description="End of the speech, in milliseconds of audio received.",
        examples=[1_740],
    )


class Committed(ServerEvent):
    """The user's turn belongs to the conversation."""

    type: Literal["input_audio_buffer.committed"] = "input_audio_buffer.committed"
    item_id: str = ITEM
    previous_item_id: str | None = _PREVIOUS


class Cleared(ServerEvent):
    """The answer to `input_audio_buffer.clear`."""

    type: Literal["input_audio_buffer.cleared"] = "input_audio_buffer.cleared"


class ItemAdded(ServerEvent):
    """The item is part of the conversation."""

    type: Literal["conversation.item.added"] = "conversation.item.added"
    previous_item_id: str | None = _PREVIOUS
    item: dict[str, Any] = _WHOLE_ITEM


class ItemDone(ServerEvent):
    """The item is complete."""

    type: Literal["conversation.item.done"] = "conversation.item.done"
    previous_item_id: str | None = _PREVIOUS
    item: dict[str, Any] = _WHOLE_ITEM


class TranscriptCompleted(ServerEvent):
    """The text of the user's turn."""

    type: Literal["conversation.item.input_audio_transcription.completed"] = (
        "conversation.item.input_audio_transcription.completed"
    )
    item_id: str = ITEM
    content_index: int = Field(0, description="Always 0.")
    transcript: str = Field(description="The text.", examples=["What time is it?"])
    usage: dict[str, Any] = Field(
        description="`seconds` of audio.",
        examples=[{"type": "duration", "seconds": 2.1}],
    )


class ItemRetrieved(ServerEvent):
    """The answer to `conversation.item.retrieve`."""

    type: Literal["conversation.item.retrieved"] = "conversation.item.retrieved"
    item: dict[str, Any] = _WHOLE_ITEM


class ItemTruncated(ServerEvent):
    """The reply's item now ends with what was heard."""

    type: Literal["conversation.item.truncated"] = "conversation.item.truncated"
    item_id: str = ITEM
    content_index: int = Field(0, description="Always 0.")
    audio_end_ms: int = Field(description="How much was heard.", examples=[1_500])


class ItemDeleted(ServerEvent):
    """The item was removed."""

    type: Literal["conversation.item.deleted"] = "conversation.item.deleted"
    item_id: str = ITEM


class ResponseCreated(ServerEvent):
    """A reply begins."""

    type: Literal["response.created"] = "response.created"
    response: dict[str, Any] = Field(
        description="`id`, `status`, `output_modalities`, `metadata`, and `x.number`, which its audio carries.",
        examples=[{"id": "resp_9f0c1f7d3a2b4c5d6e7f8", "x.number": 1}],
    )


class ResponseDone(ServerEvent):
    """The reply is over. Audio that was sent may still be playing."""

    type: Literal["response.done"] = "response.done"
    response: dict[str, Any] = Field(
        description="`id`, `status` (`completed`, `cancelled`, `failed`, `incomplete`), `status_details`, `output` with its items, `metadata` and `usage`.",
        examples=[{"id": "resp_9f0c1f7d3a2b4c5d6e7f8", "status": "completed"}],
    )


class OutputItemAdded(ServerEvent):
    """An item of the response begins: its message, or a function call."""

    type: Literal["response.output_item.added"] = "response.output_item.added"
    response_id: str = RESPONSE
    output_index: int = INDEX
    item: dict[str, Any] = _WHOLE_ITEM


class OutputItemDone(ServerEvent):
    """An item of the response is complete."""

    type: Literal["response.output_item.done"] = "response.output_item.done"
    response_id: str = RESPONSE
    output_index: int = INDEX
    item: dict[str, Any] = _WHOLE_ITEM


class ContentEvent(ServerEvent):
    """An event about the reply's content."""

    response_id: str = RESPONSE
    item_id: str = ITEM
    output_index: int = INDEX
    content_index: int = Field(0, description="Always 0.")


class AudioDone(ContentEvent):
    """All audio of the reply was sent."""

    type: Literal["response.output_audio.done"] = "response.output_audio.done"


class SpokenTextDelta(ContentEvent):
    """The next piece of a spoken reply, as the language model wrote it."""

    type: Literal["response.output_audio_transcript.delta"] = (
        "response.output_audio_transcript.delta"
    )
    delta: str = Field(description="The text to append.", examples=["It is "])


class SpokenTextDone(ContentEvent):
    """The whole text of a spoken reply; of an interrupted one, what was heard."""

    type: Literal["response.output_audio_transcript.done"] = (
        "response.output_audio_transcript.done"
    )
    transcript: str = Field(description="The text.", examples=["It is five."])


class WrittenTextDelta(ContentEvent):
    """The next piece of a reply that is only written."""

    type: Literal["response.output_text.delta"] = "response.output_text.delta"
    delta: str = Field(description="The text to append.", examples=["It is "])


class WrittenTextDone(ContentEvent):
    """The whole text of a reply that is only written."""

    type: Literal["response.output_text.done"] = "response.output_text.done"
    text: str = Field(description="The text.", examples=["It is five."])


class CallEvent(ServerEvent):
    """An event about a function call."""

    response_id: str = RESPONSE
    item_id: str = ITEM
    output_index: int = INDEX
    call_id: str = Field(
        description="The call; its result repeats it.", examples=["call_7Hd2k"]
    )


class ArgumentsDelta(CallEvent):
    """The arguments of a function call; here they come in one piece."""

    type: Literal["response.function_call_arguments.delta"] = (
        "response.function_call_arguments.delta"
    )
    delta: str = Field(
        description="The JSON to append.", examples=['{"city": "Paris"}']
    )


class ArgumentsDone(CallEvent):
    """The language model calls a function. Add the result with `conversation.item.create`, then send `response.create`."""

    type: Literal["response.function_call_arguments.done"] = (
        "response.function_call_arguments.done"
    )
    name: str = Field(description="The function.", examples=["weather"])
    arguments: str = Field(
        description="JSON, as the language model wrote it.",
        examples=['{"city": "Paris"}'],
    )


class ErrorEvent(ServerEvent):
    """An event from the client was rejected, a turn could not be heard or answered, or the connection closes."""

    type: Literal["error"] = "error"
    error: dict[str, Any] = Field(
        description="`type`, `code`, `message`, `param`, and the client's `event_id`.",
        examples=[{"type": "invalid_request_error", "code": "bad_value"}],
    )


STANDARD_MESSAGES = (
    SessionCreated,
    SessionUpdated,
    SpeechStarted,
    SpeechStopped,
    Committed,
    Cleared,
    ItemAdded,
    ItemDone,
    TranscriptCompleted,
    ItemTruncated,
    ItemDeleted,
    ItemRetrieved,
    ResponseCreated,
    OutputItemAdded,
    SpokenTextDelta,
    AudioDone,
    SpokenTextDone,
    WrittenTextDelta,
    WrittenTextDone,
    ArgumentsDelta,
    ArgumentsDone,
    OutputItemDone,
    ResponseDone,
    ErrorEvent,
)
