"""The messages of a client of `/ws/voice`, each declared once.

Names and fields are those of the OpenAI Realtime API; `x.` marks what it does not have.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, field_validator

from chat_app.protocol.item_fields import LONGEST_ID, ItemId
from chat_app.protocol.new_items import NewItem, ResponseFields
from chat_app.protocol.parts import AudioOutput, Part, ReplyFields
from common.bounded_json import read_json
from common.errors import BadRequest
from common.messages import Message
from stt_app.core.language_tags import find_language

LONGEST_EVENT_ID = 512
LONGEST_MODEL = 200


class AudioFormat(Part):
    """Mono signed 16-bit little-endian samples."""

    type: Literal["audio/pcm"] = "audio/pcm"
    rate: int | None = Field(None, ge=8_000, le=48_000)


class ServerVad(Part):
    """A turn ends after a silence of fixed length."""

    type: Literal["server_vad"]
    silence_duration_ms: int | None = Field(None, ge=100, le=10_000)
    create_response: bool | None = None
    interrupt_response: bool | None = None


class SemanticVad(Part):
    """A turn ends after a silence that depends on how complete it seems."""

    type: Literal["semantic_vad"]
    eagerness: Literal["low", "medium", "high", "auto"] | None = None
    create_response: bool | None = None
    interrupt_response: bool | None = None


TurnDetection = Annotated[ServerVad | SemanticVad, Field(discriminator="type")]


class Transcription(Part):
    """The language of the speech."""

    language: str | None = None

    @field_validator("language")
    @classmethod
    def _known_language(cls, value: str | None) -> str | None:
        if value is None or (code := find_language(value)):
            return value and code
        raise ValueError(
            f"unknown language {value[:20]!r}; use `auto` or a code such as `en`"
        )


class AudioInput(Part):
    """What the client sends."""

    format: AudioFormat | None = None
    transcription: Transcription | None = None
    turn_detection: TurnDetection | None = None


class SessionAudio(Part):
    input: AudioInput | None = None
    output: AudioOutput | None = None


class SessionChanges(ReplyFields):
    """Only the fields that are present change."""

    type: Literal["realtime"] = "realtime"
    model: str | None = Field(None, max_length=LONGEST_MODEL)
    audio: SessionAudio | None = None
    half_duplex: bool | None = Field(None, alias="x.half_duplex")


class ClientEvent(Message):
    """An event of a client."""

    event_id: str | None = Field(
        None,
        max_length=LONGEST_EVENT_ID,
        description="The client's own id; an `error` about this event repeats it.",
    )


class SessionUpdate(ClientEvent):
    """Change the configuration; only the fields that are present change. Answered by `session.updated`."""

    type: Literal["session.update"] = "session.update"
    session: SessionChanges = Field(
        description='`model` (the language model), `instructions` (the system prompt), `audio.input.format.rate` (8000 to 48000 Hz), `audio.input.transcription.language`, `audio.input.turn_detection` (`semantic_vad` with `eagerness`, `server_vad` with `silence_duration_ms`, or null if the client commits), `audio.output.voice` and `.speed`, `output_modalities` (`["audio"]`, or `["text"]` for replies that are only written), `max_output_tokens`, `tools` (functions with `name`, `description` and `parameters`, a JSON schema), `tool_choice` (`auto`, `none`, `required` or `{"type": "function", "name": ...}`), and `x.half_duplex` (the input is silent while a reply is played).',
        examples=[
            {
                "instructions": "You are a librarian.",
                "audio": {
                    "input": {
                        "turn_detection": {"type": "semantic_vad", "eagerness": "high"}
                    }
                },
            }
        ],
    )


class CommitAudio(ClientEvent):
    """End the user's turn now."""

    type: Literal["input_audio_buffer.commit"] = "input_audio_buffer.commit"


class ClearAudio(ClientEvent):
    """Drop the audio of the open turn."""

    type: Literal["input_audio_buffer.clear"] = "input_audio_buffer.clear"


class CreateItem(ClientEvent):
    """Add an item to the conversation. `response.create` answers it."""

    type: Literal["conversation.item.create"] = "conversation.item.create"
    previous_item_id: ItemId | None = Field(
        None, description="The item before it; `root` for none, null for the last one."
    )
    item: NewItem = Field(
        description="A `message` with `role` and `content`, a list of `input_text`; a `function_call_output` with the `call_id` and the `output`, a text; or a `function_call` of an earlier conversation.",
        examples=[
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "What is the time?"}],
            }
        ],
    )


class TruncateItem(ClientEvent):
    """The client has played only so much of a reply. The conversation keeps what was heard."""

    type: Literal["conversation.item.truncate"] = "conversation.item.truncate"
    item_id: str = Field(max_length=LONGEST_ID, description="The reply's item.")
    content_index: int = Field(0, ge=0, le=0, description="Always 0.")
    audio_end_ms: int = Field(
        ge=0, le=86_400_000, description="How much was played.", examples=[1_500]
    )


class DeleteItem(ClientEvent):
    """Remove an item from the conversation."""

    type: Literal["conversation.item.delete"] = "conversation.item.delete"
    item_id: str = Field(max_length=LONGEST_ID, description="The item.")


class RetrieveItem(ClientEvent):
    """Ask for an item as the conversation has it: of an interrupted reply, what was heard."""

    type: Literal["conversation.item.retrieve"] = "conversation.item.retrieve"
    item_id: str = Field(max_length=LONGEST_ID, description="The item.")


class CreateResponse(ClientEvent):
    """Answer what was said so far. An `error` while there is a response, unless it is out of band."""

    type: Literal["response.create"] = "response.create"
    response: ResponseFields = Field(
        default_factory=ResponseFields,
        description='For this response instead of the session\'s: `instructions`, `output_modalities`, `audio.output`, `max_output_tokens`, `tools`, `tool_choice`; `input`, a list of items that is answered instead of the conversation (`item_reference` names one of those); `"conversation": "none"` for a response that the conversation does not keep; `metadata`, which its events repeat.',
        examples=[
            {"conversation": "none", "instructions": "Name the topic in one word."}
        ],
    )


class CancelResponse(ClientEvent):
    """End the response."""

    type: Literal["response.cancel"] = "response.cancel"
    response_id: str | None = Field(
        None,
        max_length=LONGEST_ID,
        description="Null for the conversation's own.",
    )


class Played(ClientEvent):
    """How much of a response was played; best every 200 ms. Without it the server estimates."""

    type: Literal["x.played"] = "x.played"
    response_id: str = Field(max_length=LONGEST_ID, description="The response.")
    ms: int = Field(ge=0, le=86_400_000, description="Since its start.", examples=[400])


CLIENT_MESSAGES = (
    SessionUpdate,
    CommitAudio,
    ClearAudio,
    CreateItem,
    TruncateItem,
    DeleteItem,
    RetrieveItem,
    CreateResponse,
    CancelResponse,
    Played,
)
ClientMessage = (
    SessionUpdate
    | CommitAudio
    | ClearAudio
    | CreateItem
    | TruncateItem
    | DeleteItem
    | RetrieveItem
    | CreateResponse
    | CancelResponse
    | Played
)
_Tagged = Annotated[ClientMessage, Field(discriminator="type")]
CLIENT_FAMILY: TypeAdapter[Any] = TypeAdapter(_Tagged)


def event_id_of(text: str) -> str | None:
    """The client's own id of an event, which may be a faulty one."""
    try:
        plain = read_json(text, "message")
    except BadRequest:
        return None
    event_id = plain.get("event_id") if isinstance(plain, dict) else None
    return event_id[:LONGEST_EVENT_ID] if isinstance(event_id, str) else None
