"""The events of a response, from its start to its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Literal

from chat_app.core.dialogue import Item
from common.audio import Samples
from common.errors import VoiceError

Status = Literal["completed", "cancelled", "failed", "incomplete"]


@dataclass(frozen=True)
class ResponseStarted:
    """A response begins. If it says something, MessageStarted follows, the text and the
    audio, and MessageEnded; then FunctionCalled for each call, and ResponseEnded."""

    response_id: str
    item_id: str
    """Of its message, if there will be one."""
    number: int
    """Counts the responses from 1."""
    previous_item_id: str | None
    _: KW_ONLY
    speaks: bool = True
    """Whether the text is spoken; otherwise it is only written."""
    out_of_band: bool = False
    """Whether it is out of band: its items are not part of the conversation."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """As the client gave it."""
    tag: object = None
    """That of the request."""


@dataclass(frozen=True)
class MessageStarted:
    """The response says something: its message begins. A response that only calls
    functions has none."""

    response_id: str
    item_id: str
    previous_item_id: str | None
    _: KW_ONLY
    speaks: bool = True
    out_of_band: bool = False


@dataclass(frozen=True)
class MessageEnded:
    """The message of a response is complete, or was cut short."""

    response_id: str
    item: Item
    previous_item_id: str | None
    _: KW_ONLY
    out_of_band: bool = False


@dataclass(frozen=True)
class ReplyText:
    """The next piece of the reply's text, as the language model wrote it."""

    response_id: str
    item_id: str
    text: str
    speaks: bool = True
    """Whether it is the transcript of speech."""


@dataclass(frozen=True)
class ClauseSpoken:
    """The audio that follows is that of this clause."""

    response_id: str
    clause: int
    start_ms: int
    text: str
    """As it is spoken."""
    rate_hz: int
    """Of the audio."""


@dataclass(frozen=True, eq=False)
class ReplyAudio:
    """The next samples: mono float32 in [-1, 1]."""

    response_id: str
    item_id: str
    number: int
    clause: int
    start_ms: int
    samples: Samples
    rate_hz: int


@dataclass(frozen=True)
class FunctionCalled:
    """The language model wants a function to be called. The client adds the result as
    an item, and asks for a response."""

    response_id: str
    item_id: str
    call_id: str
    name: str
    arguments: str
    """Meant to be a JSON object; not checked."""
    previous_item_id: str | None
    _: KW_ONLY
    output_index: int = 0
    """Its place among the items of the response."""
    out_of_band: bool = False


@dataclass(frozen=True)
class ResponseEnded:
    """The reply is over."""

    response_id: str
    item_id: str
    previous_item_id: str | None
    status: Status
    reason: str = ""
    """Why it was cancelled or is incomplete: `turn_detected`, `client_cancelled`, ..."""
    text: str = ""
    """What was written; of a cancelled reply, what was heard."""
    heard_ms: int | None = None
    """Of a cancelled reply: how much was heard."""
    error: VoiceError | None = None
    stages_ms: dict[str, float] = field(default_factory=dict)
    """Since the end of the user's speech."""
    tokens: tuple[int, int] | None = None
    """Of the prompt and the reply, if the server counts them."""
    _: KW_ONLY
    items: tuple[Item, ...] = ()
    """What it has made, in order: its message, if it has one, and its calls."""
    speaks: bool = True
    out_of_band: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OutputPaused:
    """The client should pause the audio."""

    response_id: str


@dataclass(frozen=True)
class OutputResumed:
    """It was no interruption: the audio goes on."""

    response_id: str
