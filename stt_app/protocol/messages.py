"""The messages of `/ws/stt`, each declared once; codec and documentation come from here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from common.messages import Message
from stt_app.core.session.options import Options


class Configure(Options, Message):
    """Change the options for the audio that follows."""

    # A query parameter is text, but a JSON number must be a number.
    model_config = ConfigDict(strict=True)

    type: Literal["configure"] = "configure"


class Flush(Message):
    """End the current utterance now and keep the connection open. The word `flush` as plain text does the same."""

    type: Literal["flush"] = "flush"


class Keepalive(Message):
    """Keep an idle connection open."""

    type: Literal["keepalive"] = "keepalive"


class Close(Message):
    """End of the audio: the server sends the remaining text, then closes with 1000."""

    type: Literal["close"] = "close"


CLIENT_MESSAGES = (Configure, Flush, Keepalive, Close)
ClientMessage = Configure | Flush | Keepalive | Close
_Tagged = Annotated[ClientMessage, Field(discriminator="type")]
CLIENT_FAMILY: TypeAdapter[Any] = TypeAdapter(_Tagged)


class Ready(Message):
    """The server accepts audio now. Sent once."""

    type: Literal["ready"] = "ready"
    session_id: str = Field(
        description="Identifies this connection in logs and history."
    )
    model: str = Field(description="The speech to text model.", examples=["base"])
    sample_rate: int = Field(
        description="Expected sample rate of the audio, in Hz.", examples=[16_000]
    )
    resume_token: str | None = Field(
        None,
        description="To resume after a lost connection, connect with `?resume=` and this token.",
        examples=["5f0c6ab1"],
    )
    resumed: bool | None = Field(
        None,
        description="Only after `?resume=`: whether the server knows the token, so that times and utterance numbers continue.",
        examples=[True],
    )
    audio_seconds: float | None = Field(
        None,
        description="Only after `?resume=`: the position in the stream at which the following audio begins.",
        examples=[12.3],
    )


class SpeechStarted(Message):
    """Speech has started."""

    type: Literal["speech_started"] = "speech_started"
    start: float = Field(
        description="Start of the speech, in seconds of audio received.",
        examples=[0.51],
    )
    utterance_id: int = Field(description="Number of the new utterance.", examples=[1])


class SpeechEnded(Message):
    """Speech has ended; the transcript follows, unless it was not speech."""

    type: Literal["speech_ended"] = "speech_ended"
    end: float = Field(
        description="End of the speech, in seconds of audio received.",
        examples=[1.44],
    )
    utterance_id: int = Field(description="Number of the utterance.", examples=[1])


class Partial(Message):
    """An interim result: the text so far of the current utterance. Sent with `interim_results`."""

    type: Literal["partial"] = "partial"
    text: str = Field(description="The text so far.", examples=["and so my fellow Am"])
    stable_text: str = Field(
        description="The beginning of `text` that later `partial` messages repeat unchanged.",
        examples=["and so my"],
    )
    start: float = Field(
        description="Start of the utterance, in seconds of audio received.",
        examples=[0.51],
    )
    utterance_id: int = Field(description="Number of the utterance.", examples=[1])


class Ack(Message):
    """All speech before this point is in transcripts that were already sent.

    After a lost connection, resend from here.
    """

    type: Literal["ack"] = "ack"
    audio_seconds: float = Field(
        description="Seconds of audio received.", examples=[12.3]
    )


class Status(Message):
    """Transcripts are late, the server is about to close the connection, or the audio is probably not what the options say."""

    type: Literal["status"] = "status"
    lag_ms: float = Field(
        description="How long the oldest pending utterance has waited for its transcript.",
        examples=[1840.0],
    )
    closes_in_seconds: float | None = Field(
        None,
        description="When the server will close the connection; reconnect before that.",
        examples=[60],
    )
    hint: str | None = Field(
        None,
        description="What is probably wrong with the audio, as a sentence: a wrong sample rate, or ten seconds of sound without any speech. Each is sent once.",
        examples=["About 48000 samples arrive per second, but `sample_rate` is 16000."],
    )


class Word(BaseModel):
    """One word of a transcript."""

    model_config = ConfigDict(frozen=True)

    word: str = Field(description="The word, with its punctuation.")
    start: float = Field(description="Start of the word, in seconds of audio received.")
    end: float = Field(description="End of the word, in seconds of audio received.")
    probability: float = Field(description="Probability of the word, 0 to 1.")


class Transcript(Message):
    """A final: the text of one utterance. Transcripts come in the order of the utterances.

    The last one has `keep_open` false; its text is empty if no speech was pending.
    """

    type: Literal["transcript"] = "transcript"
    text: str = Field(
        description="The text of the utterance.", examples=["Hello world."]
    )
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
        description="Start of the utterance, in seconds of audio received.",
        examples=[0.51],
    )
    end: float | None = Field(
        None,
        description="End of the utterance, in seconds of audio received.",
        examples=[1.74],
    )
    language: str | None = Field(
        None, description="Language of the speech.", examples=["en"]
    )
    language_probability: float | None = Field(
        None,
        description="Probability of the language, 0 to 1; 1 if the client set it.",
        examples=[1],
    )
    confidence: float | None = Field(
        None,
        description="Mean probability of the text's tokens, 0 to 1.",
        examples=[0.87],
    )
    words: list[Word] | None = Field(
        None,
        description="The words, with `word_timestamps`.",
        examples=[[{"word": "Hello", "start": 0.6, "end": 0.9, "probability": 0.97}]],
    )
    model: str | None = Field(
        None, description="The speech to text model.", examples=["base"]
    )
    latency_ms: float | None = Field(
        None,
        description="Milliseconds from the end of the speech to this message.",
        examples=[912.4],
    )


class BufferLimitReached(Message):
    """More than `max_buffer_seconds` of audio arrived without a pause, or is pending.

    The server transcribes all of it; nothing is lost.
    """

    type: Literal["buffer_limit_reached"] = "buffer_limit_reached"
    duration: float = Field(
        description="Seconds of audio without a pause, or pending.", examples=[120.0]
    )


class Flushed(Message):
    """All audio before the `flush` has been transcribed. Sent for every `flush`."""

    type: Literal["flushed"] = "flushed"
    utterance_id: int | None = Field(
        description="The utterance that `flush` ended; null if there was no speech.",
        examples=[1],
    )


class Closed(Message):
    """The last message before an orderly close."""

    type: Literal["closed"] = "closed"
    reason: str = Field(
        description="The reason: `client` (it asked for the close), `idle`, `expired`, `quota` or `restarting`.",
        examples=["client"],
    )
    audio_seconds: float = Field(
        description="Seconds of audio received.", examples=[61.5]
    )
    utterances: int = Field(description="Number of transcripts sent.", examples=[7])


class Error(Message):
    """Something went wrong. The connection stays open unless a close follows."""

    type: Literal["error"] = "error"
    code: str = Field(description="Error code.", examples=["engine_failed"])
    message: str = Field(
        description="One sentence for a human reader.",
        examples=["The whisper worker died at work."],
    )
    field: str | None = Field(None, description="The invalid field of the message.")
    retry_after: float | None = Field(
        None, description="Seconds after which to try again."
    )
    utterance_id: int | None = Field(None, description="The utterance that failed.")


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
