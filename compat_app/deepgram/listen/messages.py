"""The messages of `WS /v1/listen`, and the parts that recordings share with them.

Their fields are those of `deepgram.listen.v1.types` in deepgram-sdk 7.17.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from compat_app.deepgram.models import ModelInfo
from compat_app.deepgram.words import plain_word
from stt_app.core.events import SpokenWord

CHANNEL_INDEX = [0, 1]
"""The first of one channel."""
NO_TRANSACTION = "deprecated"


class ClientBase(BaseModel):
    """A message of a client; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class KeepAlive(ClientBase):
    """Keep the connection open while no audio is sent."""

    type: Literal["KeepAlive"] = "KeepAlive"


class Finalize(ClientBase):
    """Transcribe all audio so far now. The connection stays open; a result with `from_finalize` always follows."""

    type: Literal["Finalize"] = "Finalize"


class CloseStream(ClientBase):
    """End of the audio: the server sends the remaining results and `Metadata`, then closes with 1000. An empty binary message does the same."""

    type: Literal["CloseStream"] = "CloseStream"


class Configure(ClientBase):
    """Replace the key terms. The server answers `ConfigureSuccess` or `ConfigureFailure`."""

    type: Literal["Configure"] = "Configure"
    keyterms: list[str] | None = Field(
        None,
        description="All key terms from now on; an empty list clears them.",
        examples=[["Dashwood"]],
    )


CLIENT_MESSAGES = (KeepAlive, Finalize, CloseStream, Configure)
ClientMessage = KeepAlive | Finalize | CloseStream | Configure
_Tagged = Annotated[ClientMessage, Field(discriminator="type")]
CLIENT_FAMILY: TypeAdapter[Any] = TypeAdapter(_Tagged)


class Word(BaseModel):
    """One word of a result."""

    word: str = Field(description="The word in lower case, without punctuation.")
    start: float = Field(description="Start of the word, in seconds of audio.")
    end: float = Field(description="End of the word, in seconds of audio.")
    confidence: float = Field(description="Probability of the word, 0 to 1.")
    punctuated_word: str = Field(description="The word as it is in the transcript.")


class Alternative(BaseModel):
    """The transcript."""

    transcript: str
    confidence: float
    words: list[Word]
    languages: list[str] | None = None


class Channel(BaseModel):
    """The transcripts of one channel; there is always one."""

    alternatives: list[Alternative]


class ResultsMetadata(BaseModel):
    """The request and its model."""

    # The fields' names are the API's.
    model_config = ConfigDict(protected_namespaces=())

    request_id: str
    model_info: ModelInfo
    model_uuid: str


class Results(BaseModel):
    """A transcript: an interim result, or the final text of an utterance."""

    type: Literal["Results"] = "Results"
    channel_index: list[int] = Field(
        description="The channel, and how many there are.", examples=[CHANNEL_INDEX]
    )
    duration: float = Field(
        description="Length of the transcribed audio in seconds.", examples=[1.23]
    )
    start: float = Field(
        description="Start of the transcribed audio, in seconds.", examples=[0.51]
    )
    is_final: bool = Field(description="Whether the text will not change.")
    speech_final: bool = Field(
        description="Whether the speaker has paused, or `Finalize` ended the utterance."
    )
    channel: Channel = Field(
        description="`alternatives` holds one transcript, with `words` if it is final.",
        examples=[
            {
                "alternatives": [
                    {
                        "transcript": "Hello.",
                        "confidence": 0.97,
                        "words": [
                            {
                                "word": "hello",
                                "start": 0.6,
                                "end": 0.9,
                                "confidence": 0.97,
                                "punctuated_word": "Hello.",
                            }
                        ],
                    }
                ]
            }
        ],
    )
    metadata: ResultsMetadata = Field(
        description="The request's id and the model.",
        examples=[
            {
                "request_id": "5f0c6ab1",
                "model_info": {"name": "base", "version": "1.0.0", "arch": "whisper"},
                "model_uuid": "7ef0f7b5-41f8-5a53-8f1e-3ee9a6b0dc2c",
            }
        ],
    )
    from_finalize: bool = Field(description="Whether it answers `Finalize`.")


class SpeechStarted(BaseModel):
    """Speech has started. Sent with `vad_events`."""

    type: Literal["SpeechStarted"] = "SpeechStarted"
    channel: list[int] = Field(description="The channel.", examples=[CHANNEL_INDEX])
    timestamp: float = Field(
        description="Start of the speech, in seconds of audio.", examples=[0.51]
    )


class UtteranceEnd(BaseModel):
    """No word was heard for `utterance_end_ms`. Sent after the last final result of the speech."""

    type: Literal["UtteranceEnd"] = "UtteranceEnd"
    channel: list[int] = Field(description="The channel.", examples=[CHANNEL_INDEX])
    last_word_end: float = Field(
        description="End of the last word, in seconds of audio.", examples=[1.74]
    )


class Metadata(BaseModel):
    """The last message before the server closes the connection."""

    model_config = ConfigDict(protected_namespaces=())

    type: Literal["Metadata"] = "Metadata"
    transaction_key: str = Field(description="Always `deprecated`.")
    request_id: str = Field(
        description="Identifies the connection in logs and the history."
    )
    sha256: str = Field(description="SHA-256 of the received audio.")
    created: str = Field(
        description="When the connection was opened.",
        examples=["2026-11-28T09:30:00.000Z"],
    )
    duration: float = Field(description="Seconds of received audio.", examples=[61.5])
    channels: int = Field(description="Channels of the received audio.", examples=[1])
    models: list[str] = Field(description="UUIDs of the models.", examples=[[]])
    model_info: dict[str, ModelInfo] = Field(
        description="The models by UUID.", examples=[{}]
    )


class ConfigureSuccess(BaseModel):
    """`Configure` was applied."""

    type: Literal["ConfigureSuccess"] = "ConfigureSuccess"
    request_id: str = Field(
        description="Identifies the connection in logs and the history."
    )
    keyterms: list[str] | None = Field(
        None, description="The key terms from now on, if they were replaced."
    )


class ConfigureFailure(BaseModel):
    """`Configure` was refused; nothing has changed."""

    type: Literal["ConfigureFailure"] = "ConfigureFailure"
    request_id: str = Field(
        description="Identifies the connection in logs and the history."
    )
    code: str = Field(
        description="Why it was refused.",
        examples=["CONFIGURE_KEYTERM_LIMIT_EXCEEDED"],
    )
    description: str = Field(description="One sentence for a human reader.")


class Error(BaseModel):
    """Something went wrong. The connection stays open unless a close follows."""

    type: Literal["Error"] = "Error"
    variant: str = Field(
        description="The category; `SchemaError` for a bad message or parameter.",
        examples=["SchemaError"],
    )
    description: str = Field(description="One sentence for a human reader.")
    message: str = Field(description="The same sentence.")
    code: str = Field(
        description="The server's code for the error.", examples=["bad_value"]
    )
    retry_after: float | None = Field(
        None, description="When to try again, in seconds.", examples=[5]
    )


SERVER_MESSAGES = (
    *(Results, SpeechStarted, UtteranceEnd, Metadata),
    *(ConfigureSuccess, ConfigureFailure, Error),
)


def timed_words(words: Sequence[SpokenWord] | None) -> list[Word]:
    """The words with their times and probabilities."""
    return [
        Word(
            word=plain_word(each.word),
            start=round(each.start_seconds, 3),
            end=round(each.end_seconds, 3),
            confidence=round(each.probability, 4),
            punctuated_word=each.word,
        )
        for each in words or ()
    ]
