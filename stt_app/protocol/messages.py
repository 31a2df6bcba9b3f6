"""The messages of `/ws/stt`, each declared once; codec and documentation come from here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from common.messages import Message
from stt_app.core.session.options import Options


class Configure(Options, Message):
    """Change how the audio that follows is understood."""

    # A query parameter is text, but a JSON number must be a number.
    model_config = ConfigDict(strict=True)

    type: Literal["configure"] = "configure"


class Flush(Message):
    """Finish the current utterance now and keep the connection. The word `flush` as plain text does the same."""

    type: Literal["flush"] = "flush"


class Keepalive(Message):
    """Nothing to say; the connection is still wanted."""

    type: Literal["keepalive"] = "keepalive"


class Close(Message):
    """No more audio comes: the remaining text follows, then the server closes with 1000."""

    type: Literal["close"] = "close"


CLIENT_MESSAGES = (Configure, Flush, Keepalive, Close)
ClientMessage = Configure | Flush | Keepalive | Close
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
    resume_token: str | None = Field(
        None,
        description="Connect with `?resume=` this token to go on after a lost connection.",
        examples=["5f0c6ab1"],
    )
    resumed: bool | None = Field(
        None,
        description="Only after `?resume=`: whether the token was known, so that times and numbers go on.",
        examples=[True],
    )
    audio_seconds: float | None = Field(
        None,
        description="Only after `?resume=`: where in the stream the audio that follows is taken to begin.",
        examples=[12.3],
    )


class SpeechStarted(Message):
    """Somebody has begun to speak."""

    type: Literal["speech_started"] = "speech_started"
    start: float = Field(
        description="Where, in seconds of audio received.", examples=[0.51]
    )
    utterance_id: int = Field(
        description="Number of the utterance that begins.", examples=[1]
    )


class SpeechEnded(Message):
    """Nobody speaks any more; the transcript follows, unless it was no speech."""

    type: Literal["speech_ended"] = "speech_ended"
    end: float = Field(
        description="Where the speech ended, in seconds of audio received.",
        examples=[1.44],
    )
    utterance_id: int = Field(description="Number of the utterance.", examples=[1])


class Partial(Message):
    """The text so far of an utterance that goes on, with `interim_results`."""

    type: Literal["partial"] = "partial"
    text: str = Field(description="All of it.", examples=["and so my fellow Am"])
    stable_text: str = Field(
        description="The beginning of it that later partials repeat unchanged.",
        examples=["and so my"],
    )
    start: float = Field(
        description="Where the utterance starts, in seconds of audio received.",
        examples=[0.51],
    )
    utterance_id: int = Field(description="Number of the utterance.", examples=[1])


class Ack(Message):
    """All speech before this point is in transcripts that were sent before.

    After a lost connection, resend from here.
    """

    type: Literal["ack"] = "ack"
    audio_seconds: float = Field(
        description="Seconds of audio received.", examples=[12.3]
    )


class Status(Message):
    """Transcripts come late, or the connection is about to be ended."""

    type: Literal["status"] = "status"
    lag_ms: float = Field(
        description="For how long the oldest utterance has waited for its text.",
        examples=[1840.0],
    )
    closes_in_seconds: float | None = Field(
        None,
        description="The server ends the connection then; connect anew before.",
        examples=[60],
    )


class Word(BaseModel):
    """One word of a transcript."""

    model_config = ConfigDict(frozen=True)

    word: str = Field(description="The word, with its punctuation.")
    start: float = Field(description="Where it begins, in seconds of audio received.")
    end: float = Field(description="Where it ends, in seconds of audio received.")
    probability: float = Field(description="How sure it is, 0 to 1.")


class Transcript(Message):
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
    words: list[Word] | None = Field(
        None,
        description="Its words, with `word_timestamps`.",
        examples=[[{"word": "Hello", "start": 0.6, "end": 0.9, "probability": 0.97}]],
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
        description="Why: `client` asked for it, `idle`, `expired` or `restarting`.",
        examples=["client"],
    )
    audio_seconds: float = Field(
        description="Seconds of audio received.", examples=[61.5]
    )
    utterances: int = Field(description="How many transcripts were sent.", examples=[7])


class Error(Message):
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
    SpeechStarted,
    Partial,
    SpeechEnded,
    Transcript,
    Ack,
    Flushed,
    BufferLimitReached,
    Status,
    Closed,
    Error,
)
ServerMessage = (
    Ready
    | SpeechStarted
    | Partial
    | SpeechEnded
    | Transcript
    | Ack
    | Flushed
    | BufferLimitReached
    | Status
    | Closed
    | Error
)
