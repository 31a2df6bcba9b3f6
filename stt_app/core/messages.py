"""The messages of `/ws/stt`, each declared once; codec and documentation come from here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from common.messages import Message
from stt_app.core.languages import AUTO, LANGUAGES


class Options(BaseModel):
    """What a client may choose, in `configure` or as query parameters of the address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str | None = Field(
        None,
        description="Language of the speech, such as `en`, or `auto` to detect it.",
        examples=["en"],
    )
    sample_rate: int | None = Field(
        None,
        ge=8_000,
        le=48_000,
        description="Rate of the audio that follows, in Hz (8000 to 48000).",
        examples=[16_000],
    )

    @field_validator("language")
    @classmethod
    def _known_language(cls, value: str | None) -> str | None:
        if value is None or value in LANGUAGES or value == AUTO:
            return value
        raise ValueError(
            f"unknown language {value[:20]!r}; use `auto` or a code such as `en`"
        )


class Configure(Options, Message):
    """Change how the audio that follows is understood."""

    # A query parameter is text, but a JSON number must be a number.
    model_config = ConfigDict(strict=True)

    type: Literal["configure"] = "configure"


class Flush(Message):
    """Finish the current utterance now and keep the connection. The word `flush` as plain text does the same."""

    type: Literal["flush"] = "flush"


class KeepAlive(Message):
    """Nothing to say; the connection is still wanted."""

    type: Literal["keepalive"] = "keepalive"


class Close(Message):
    """No more audio comes: the remaining text follows, then the server closes with 1000."""

    type: Literal["close"] = "close"


CLIENT_MESSAGES = (Configure, Flush, KeepAlive, Close)
ClientMessage = Configure | Flush | KeepAlive | Close
_Tagged = Annotated[ClientMessage, Field(discriminator="type")]
CLIENT_FAMILY: TypeAdapter[Any] = TypeAdapter(_Tagged)


class Ready(Message):
    """Audio is accepted now. Sent once."""

    type: Literal["ready"] = "ready"
    session_id: str = Field(description="Names this connection in logs and history.")
    model: str = Field(description="The model that listens.", examples=["base"])
    sample_rate: int = Field(
        description="Rate in Hz at which audio is expected.", examples=[16_000]
    )


class TranscriptReady(Message):
    """The text of one utterance, in the order in which they were spoken.

    The last one has `keep_open` false; it is empty when nothing was left to say.
    """

    type: Literal["transcript"] = "transcript"
    text: str = Field(description="What was said.", examples=["Hello world."])
    duration: float = Field(
        description="Length of the utterance in seconds.", examples=[1.23]
    )
    keep_open: bool = Field(
        description="False on the last transcript before the server closes.",
        examples=[True],
    )
    utterance_id: int | None = Field(
        None, description="Number of the utterance, counted from 1.", examples=[1]
    )
    start: float | None = Field(
        None,
        description="Where the utterance starts, in seconds of audio received.",
        examples=[0.51],
    )
    end: float | None = Field(
        None,
        description="Where the utterance ends, in seconds of audio received.",
        examples=[1.74],
    )
    language: str | None = Field(
        None, description="Language that was spoken.", examples=["en"]
    )
    language_probability: float | None = Field(
        None, description="How sure that is, 0 to 1; 1 when it was given.", examples=[1]
    )
    confidence: float | None = Field(
        None,
        description="Mean probability of the text's tokens, 0 to 1.",
        examples=[0.87],
    )
    model: str | None = Field(
        None, description="The model that listened.", examples=["base"]
    )
    latency_ms: float | None = Field(
        None,
        description="Milliseconds from the end of the speech to this message.",
        examples=[912.4],
    )


class BufferLimitReached(Message):
    """More than `max_buffer_seconds` came without a pause, or waits to be transcribed.

    What was heard is transcribed, and nothing is lost.
    """

    type: Literal["buffer_limit_reached"] = "buffer_limit_reached"
    duration: float = Field(
        description="Seconds of audio without a pause, or waiting.", examples=[120.0]
    )


class Flushed(Message):
    """Everything before the `flush` has been transcribed. Every `flush` is answered."""

    type: Literal["flushed"] = "flushed"
    utterance_id: int | None = Field(
        description="The utterance that was finished; null when nothing was being said.",
        examples=[1],
    )


class Closed(Message):
    """The last message of a connection that ends in order."""

    type: Literal["closed"] = "closed"
    reason: str = Field(
        description="Why: `client` asked for it, or `restarting`.", examples=["client"]
    )
    audio_seconds: float = Field(
        description="Seconds of audio received.", examples=[61.5]
    )
    utterances: int = Field(description="How many transcripts were sent.", examples=[7])


class ErrorHappened(Message):
    """Something went wrong. The connection stays open unless a close follows."""

    type: Literal["error"] = "error"
    code: str = Field(description="What kind of error.", examples=["engine_failed"])
    message: str = Field(
        description="One sentence for people.",
        examples=["The whisper worker died at work."],
    )
    field: str | None = Field(
        None, description="The field of the message that is wrong."
    )
    retry_after: float | None = Field(
        None, description="Seconds after which it may work again."
    )
    utterance_id: int | None = Field(
        None, description="The utterance that could not be transcribed."
    )


SERVER_MESSAGES = (
    Ready,
    TranscriptReady,
    BufferLimitReached,
    Flushed,
    Closed,
    ErrorHappened,
)
ServerMessage = (
    Ready | TranscriptReady | BufferLimitReached | Flushed | Closed | ErrorHappened
)
