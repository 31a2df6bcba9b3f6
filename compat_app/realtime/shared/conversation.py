"""The configuration of a conversation: its parts, and how updates change it.

Source: `RealtimeSessionCreateRequest` of the openai library, version 3.54. An update
changes only the fields that it contains. The input is configured as that of a session
that only transcribes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from compat_app.realtime.shared.session import (
    LONGEST_MODEL,
    AudioFormat,
    AudioInput,
    Part,
    ServerVad,
    SessionAudio,
    SessionChanges,
    SessionConfig,
)
from tts_app.speech_request import MAX_SPEED, MIN_SPEED

LONGEST_INSTRUCTIONS = 64_000
MOST_TOOLS = 128
_PCM = AudioFormat()

Modality = Literal["text", "audio"]
MaxTokens = Annotated[int, Field(ge=1, le=100_000)] | Literal["inf"]


def _name(given: Any) -> Any:
    """A voice may also be an object with an `id`."""
    return given.get("id") if isinstance(given, dict) else given


VoiceName = Annotated[
    Annotated[str, Field(max_length=200)] | None, BeforeValidator(_name)
]


class AudioOutput(Part):
    """What the client gets."""

    format: AudioFormat | None = None
    voice: VoiceName = None
    speed: float | None = Field(None, ge=MIN_SPEED, le=MAX_SPEED)


class ConversationAudio(Part):
    """Both directions."""

    input: AudioInput | None = None
    output: AudioOutput | None = None


class FunctionTool(Part):
    """A function of the client that the language model may call."""

    type: Literal["function"] = "function"
    name: str = Field(min_length=1, max_length=200)
    description: str | None = Field(None, max_length=10_000)
    parameters: dict[str, Any] | None = None


class FunctionChoice(Part):
    """This function must be called."""

    type: Literal["function"]
    name: str = Field(max_length=200)


ToolChoice = Literal["auto", "none", "required"] | FunctionChoice
Tools = Annotated[list[FunctionTool], Field(max_length=MOST_TOOLS)]


class ConversationChanges(Part):
    """What a `session.update` of a conversation contains."""

    type: Literal["realtime"] = "realtime"
    model: str | None = Field(None, max_length=LONGEST_MODEL)
    instructions: str | None = Field(None, max_length=LONGEST_INSTRUCTIONS)
    output_modalities: list[Modality] | None = Field(None, max_length=2)
    audio: ConversationAudio | None = None
    tools: Tools | None = None
    tool_choice: ToolChoice | None = None
    max_output_tokens: MaxTokens | None = None
    include: list[Literal["item.input_audio_transcription.logprobs"]] | None = None


@dataclass(frozen=True)
class ConversationConfig:
    """The whole configuration in effect."""

    hearing: SessionConfig
    instructions: str
    voice: str
    """As the client named it."""
    model: str
    """Likewise, of the language model."""
    transcribes: bool = True
    """Whether the client gets the texts of what the user said."""
    speaks: bool = True
    """Whether responses are spoken; otherwise they are only written."""
    speed: float = 1.0
    output_format: AudioFormat = _PCM
    tools: tuple[FunctionTool, ...] = ()
    tool_choice: ToolChoice = "auto"
    max_output_tokens: int | None = None

    def updated(self, changes: ConversationChanges) -> ConversationConfig:
        """The configuration after these changes."""
        given: dict[str, Any] = {}
        if changes.instructions is not None:
            given["instructions"] = changes.instructions
        if changes.model:
            given["model"] = changes.model
        if changes.output_modalities:
            given["speaks"] = "audio" in changes.output_modalities
        if "tools" in changes.model_fields_set:
            given["tools"] = tuple(changes.tools or ())
        if changes.tool_choice is not None:
            given["tool_choice"] = changes.tool_choice
        if "max_output_tokens" in changes.model_fields_set:
            given["max_output_tokens"] = tokens(changes.max_output_tokens)
        config = replace(self, **given)._with_input(changes)
        output = changes.audio.output if changes.audio else None
        return config.with_output(output) if output else config

    def _with_input(self, changes: ConversationChanges) -> ConversationConfig:
        given = changes.audio.input if changes.audio else None
        fields: dict[str, Any] = {"audio": SessionAudio(input=given)}
        if "include" in changes.model_fields_set:
            fields["include"] = changes.include
        hearing = self.hearing.updated(SessionChanges(**fields))
        transcribes = self.transcribes
        if given is not None and "transcription" in given.model_fields_set:
            transcribes = given.transcription is not None
        return replace(self, hearing=hearing, transcribes=transcribes)

    def with_output(self, given: AudioOutput) -> ConversationConfig:
        """The configuration after these changes of what the client gets."""
        return replace(
            self,
            output_format=given.format or self.output_format,
            voice=self.voice if given.voice is None else given.voice,
            speed=self.speed if given.speed is None else given.speed,
        )

    def wire(self) -> dict[str, Any]:
        """As clients see it: the part of the session object that they can change."""
        hearing = self.hearing.wire()
        heard = hearing["audio"]["input"]
        if not self.transcribes:
            heard["transcription"] = None
        turns = self.hearing.turn_detection
        if isinstance(turns, ServerVad) and turns.idle_timeout_ms is not None:
            heard["turn_detection"]["idle_timeout_ms"] = turns.idle_timeout_ms
        if turns is not None:
            heard["turn_detection"] |= {
                "create_response": turns.create_response is not False,
                "interrupt_response": turns.interrupt_response is not False,
            }
        return {
            "model": self.model,
            "instructions": self.instructions,
            "output_modalities": modalities(self.speaks),
            "audio": {
                "input": heard,
                "output": {
                    "format": self.output_format.wire(),
                    "voice": self.voice,
                    "speed": self.speed,
                },
            },
            "tools": [each.model_dump(exclude_none=True) for each in self.tools],
            "tool_choice": shown_choice(self.tool_choice),
            "max_output_tokens": self.max_output_tokens or "inf",
            "truncation": "auto",
            "include": hearing["include"],
        }


def modalities(speaks: bool) -> list[Modality]:
    """As clients see it: audio always has a transcript."""
    return ["audio"] if speaks else ["text"]


def tokens(given: int | Literal["inf"] | None) -> int | None:
    """The limit; None for the one of the server's configuration."""
    return None if given == "inf" else given


def shown_choice(choice: ToolChoice) -> Any:
    """As clients see it."""
    return choice if isinstance(choice, str) else choice.model_dump()
