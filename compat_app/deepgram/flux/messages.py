"""The messages of `WS /v2/listen`.

Their fields are those of `deepgram.listen.v2.types` in deepgram-sdk 7.17.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

TurnEvent = Literal[
    "Update", "StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"
]
Trigger = Literal["model", "timeout", "manual"]


class _Client(BaseModel):
    """A message of a client; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Thresholds(_Client):
    """When a turn ends; None leaves a value unchanged."""

    eot_threshold: float | None = Field(
        None, description="Confidence that ends a turn, 0.5 to 1; 1 never does."
    )
    eager_eot_threshold: float | None = Field(
        None, description="Confidence for `EagerEndOfTurn`, 0.3 to 0.9."
    )
    eot_timeout_ms: int | None = Field(
        None, description="Silence that ends a turn in any case, 500 to 60000 ms."
    )


class Configure(_Client):
    """Change the configuration. Answered with `ConfigureSuccess` or `ConfigureFailure`."""

    type: Literal["Configure"] = "Configure"
    thresholds: Thresholds | None = Field(
        None,
        description="New thresholds; omitted ones stay unchanged.",
        examples=[{"eot_threshold": 0.8}],
    )
    keyterms: str | list[str] | None = Field(
        None, description="All key terms from now on.", examples=[["Dashwood"]]
    )
    language_hints: list[str] | None = Field(
        None, description="One code sets the language; several detect it."
    )


class ForceEndTurn(_Client):
    """End the current turn now. Ignored while nobody speaks."""

    type: Literal["ForceEndTurn"] = "ForceEndTurn"


class CloseStream(_Client):
    """End of the audio: the server ends the current turn, then closes with 1000. An empty binary message does the same."""

    type: Literal["CloseStream"] = "CloseStream"


CLIENT_MESSAGES = (Configure, ForceEndTurn, CloseStream)
ClientMessage = Configure | ForceEndTurn | CloseStream
_Tagged = Annotated[ClientMessage, Field(discriminator="type")]
CLIENT_FAMILY: TypeAdapter[Any] = TypeAdapter(_Tagged)


class Numbered(BaseModel):
    """A message of the server; they are numbered as they are sent."""

    sequence_id: int = Field(
        0, description="Counts the server's messages from 0.", examples=[3]
    )


class _Answer(Numbered):
    request_id: str = Field(
        description="Identifies the connection in logs and the history."
    )


class Connected(_Answer):
    """The server accepts audio now. Sent first."""

    type: Literal["Connected"] = "Connected"


class Word(BaseModel):
    """One word. In an `Update` it has no times, and the confidence of the whole text."""

    word: str = Field(description="The word, with its punctuation.")
    confidence: float = Field(description="Probability of the word, 0 to 1.")
    start: float | None = Field(None, description="Start, in seconds of audio.")
    end: float | None = Field(None, description="End, in seconds of audio.")


class TurnInfo(_Answer):
    """The state of the current turn: about four times a second of audio, and whenever it changes."""

    type: Literal["TurnInfo"] = "TurnInfo"
    event: TurnEvent = Field(description="What has happened.")
    turn_index: int = Field(description="Number of the turn, from 0.", examples=[0])
    audio_window_start: float = Field(
        description="Start of the turn, in seconds of audio.", examples=[0.51]
    )
    audio_window_end: float = Field(
        description="End of the audio received so far, in seconds.", examples=[1.74]
    )
    transcript: str = Field(description="The text of the turn so far.")
    words: list[Word] = Field(
        description="Its words.",
        examples=[[{"word": "Hello.", "confidence": 0.97, "start": 0.6, "end": 0.9}]],
    )
    end_of_turn_confidence: float = Field(
        description="How surely the turn is over, 0 to 1.",
        examples=[0.7],
    )
    trigger: Trigger | None = Field(
        None, description="Only in `EndOfTurn`: why the turn has ended."
    )
    languages: list[str] | None = Field(
        None, description="The detected language, with a multilingual model."
    )
    languages_hinted: list[str] | None = Field(
        None, description="The `language_hint` parameters, if there are any."
    )


class ConfigureSuccess(_Answer):
    """`Configure` was applied."""

    type: Literal["ConfigureSuccess"] = "ConfigureSuccess"
    thresholds: Thresholds = Field(
        description="All thresholds from now on.", examples=[{"eot_threshold": 0.8}]
    )
    keyterms: list[str] = Field(
        description="All key terms from now on.", examples=[["Dashwood"]]
    )
    language_hints: list[str] | None = Field(
        None, description="All language hints from now on."
    )


class ConfigureFailure(_Answer):
    """`Configure` was refused; nothing has changed."""

    type: Literal["ConfigureFailure"] = "ConfigureFailure"
    code: str = Field(description="Why it was refused.", examples=["BAD_VALUE"])
    description: str = Field(description="One sentence for a human reader.")


class Warning(_Answer):
    """A part of the speech could not be transcribed. The connection stays open."""

    type: Literal["Warning"] = "Warning"
    code: str = Field(
        description="The server's code for the reason.", examples=["ENGINE_FAILED"]
    )
    description: str = Field(description="One sentence for a human reader.")


class Error(Numbered):
    """Something went wrong. The connection stays open unless a close follows."""

    type: Literal["Error"] = "Error"
    code: str = Field(
        description="The server's code for the error.", examples=["BAD_VALUE"]
    )
    description: str = Field(description="One sentence for a human reader.")


SERVER_MESSAGES = (
    *(Connected, TurnInfo, ConfigureSuccess, ConfigureFailure, Warning, Error),
)
