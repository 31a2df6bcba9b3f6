"""The events of `/v1/realtime` that only conversations have.

Source: the types of `openai.types.realtime` in the openai library, version 3.54.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from chat_app.protocol.event import ServerEvent
from chat_app.protocol.item_fields import LONGEST_ID
from chat_app.protocol.server import (
    ArgumentsDelta,
    ArgumentsDone,
    AudioDone,
    ContentEvent,
    ItemDeleted,
    ItemRetrieved,
    ItemTruncated,
    OutputItemAdded,
    OutputItemDone,
    SpokenTextDelta,
    SpokenTextDone,
    WrittenTextDelta,
    WrittenTextDone,
)
from compat_app.realtime.shared.conversation_parts import NewItem, ResponseParams
from compat_app.realtime.shared.messages import ClientEvent

_ITEM_EXAMPLE = "item_9f0c1f7d3a2b4c5d6e7f8"
_RESPONSE_EXAMPLE = "resp_9f0c1f7d3a2b4c5d6e7f8"
_MESSAGE = {
    "type": "message",
    "role": "user",
    "content": [{"type": "input_text", "text": "What is the time?"}],
}


class CreateItem(ClientEvent):
    """Add an item to the conversation. `response.create` answers it."""

    type: Literal["conversation.item.create"] = "conversation.item.create"
    previous_item_id: str | None = Field(
        None,
        max_length=LONGEST_ID,
        description="The item before it, or `root`; without it the item is the last one.",
    )
    item: NewItem = Field(
        description="A `message` (with `input_text`, `output_text` or `input_audio`), a `function_call` or a `function_call_output`.",
        examples=[_MESSAGE],
    )


class ItemRequest(ClientEvent):
    """An event about an item."""

    item_id: str = Field(
        max_length=LONGEST_ID, description="The item.", examples=[_ITEM_EXAMPLE]
    )


class DeleteItem(ItemRequest):
    """Remove an item from the conversation."""

    type: Literal["conversation.item.delete"] = "conversation.item.delete"


class RetrieveItem(ItemRequest):
    """Ask for an item as the conversation has it. Answered by `conversation.item.retrieved`."""

    type: Literal["conversation.item.retrieve"] = "conversation.item.retrieve"


class TruncateItem(ItemRequest):
    """Only so much of a response was played. The conversation keeps what was heard."""

    type: Literal["conversation.item.truncate"] = "conversation.item.truncate"
    content_index: int = Field(0, ge=0, description="Always 0.")
    audio_end_ms: int = Field(
        ge=0, le=86_400_000, description="How much was played.", examples=[1_500]
    )


class CreateResponse(ClientEvent):
    """Ask for a response."""

    type: Literal["response.create"] = "response.create"
    response: ResponseParams | None = Field(
        None,
        description="`conversation` (`none`: out of band), `input` (items to answer in place of the conversation), `instructions`, `output_modalities`, `audio.output` (`voice`, `format`), `tools`, `tool_choice`, `max_output_tokens` and `metadata`.",
        examples=[{"instructions": "Greet the user."}],
    )


class CancelResponse(ClientEvent):
    """End a response."""

    type: Literal["response.cancel"] = "response.cancel"
    response_id: str | None = Field(
        None,
        max_length=LONGEST_ID,
        description="The response; without it that of the conversation.",
    )


CLIENT_MESSAGES = (
    CreateItem,
    DeleteItem,
    RetrieveItem,
    TruncateItem,
    CreateResponse,
    CancelResponse,
)


class TimeoutTriggered(ServerEvent):
    """The user has said nothing for `idle_timeout_ms` since the last response. The silence
    is committed as an item, and a response follows."""

    type: Literal["input_audio_buffer.timeout_triggered"] = (
        "input_audio_buffer.timeout_triggered"
    )
    item_id: str = Field(description="The item.", examples=[_ITEM_EXAMPLE])
    audio_start_ms: int = Field(
        description="End of the last response, in milliseconds of audio received.",
        examples=[8_200],
    )
    audio_end_ms: int = Field(description="Now, likewise.", examples=[14_200])


class RateLimits(ServerEvent):
    """Sent after each response if the caller has a quota of tokens."""

    type: Literal["rate_limits.updated"] = "rate_limits.updated"
    rate_limits: list[dict[str, Any]] = Field(
        description="`name` (`tokens`), `limit` of the day, `remaining`, and `reset_seconds` until the next day.",
        examples=[
            [
                {
                    "name": "tokens",
                    "limit": 50_000,
                    "remaining": 49_650,
                    "reset_seconds": 21_000.0,
                }
            ]
        ],
    )


class ResponseCreated(ServerEvent):
    """A response begins."""

    type: Literal["response.created"] = "response.created"
    response: dict[str, Any] = Field(
        description="`id`, `status`, `metadata` and how it is made.",
        examples=[{"id": _RESPONSE_EXAMPLE, "status": "in_progress"}],
    )


class ResponseDone(ServerEvent):
    """The response is over. Its audio may still be playing."""

    type: Literal["response.done"] = "response.done"
    response: dict[str, Any] = Field(
        description="As in `response.created`, with `status` (`completed`, `cancelled`, `failed`, `incomplete`), `status_details`, `output` and `usage`.",
        examples=[{"id": _RESPONSE_EXAMPLE, "status": "completed"}],
    )


class ContentPartAdded(ContentEvent):
    """The content of a message begins."""

    type: Literal["response.content_part.added"] = "response.content_part.added"
    part: dict[str, Any] = Field(
        description="Its `type`, `audio` or `text`.", examples=[{"type": "audio"}]
    )


class ContentPartDone(ContentEvent):
    """The content of a message is complete."""

    type: Literal["response.content_part.done"] = "response.content_part.done"
    part: dict[str, Any] = Field(
        description="Its `type`, and its `transcript` or `text`.",
        examples=[{"type": "audio", "transcript": "It is five."}],
    )


class AudioDelta(ContentEvent):
    """More audio, sent as fast as it is made."""

    type: Literal["response.output_audio.delta"] = "response.output_audio.delta"
    delta: str = Field(
        description="Base64, in the format of `audio.output`.", examples=["AAAAAA=="]
    )


SERVER_MESSAGES = (
    TimeoutTriggered,
    ItemRetrieved,
    ItemDeleted,
    ItemTruncated,
    ResponseCreated,
    OutputItemAdded,
    ContentPartAdded,
    SpokenTextDelta,
    AudioDelta,
    WrittenTextDelta,
    AudioDone,
    SpokenTextDone,
    WrittenTextDone,
    ContentPartDone,
    ArgumentsDelta,
    ArgumentsDone,
    OutputItemDone,
    ResponseDone,
    RateLimits,
)
