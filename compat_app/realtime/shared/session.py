"""The configuration of a transcription session: its parts, and how updates change it.

Source: `RealtimeTranscriptionSessionCreateRequest` of the openai library, version 3.54.
An update changes only the fields that it contains; null clears a field.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from common.errors import BadValue
from stt_app.core.language_tags import find_language

LOGPROBS = "item.input_audio_transcription.logprobs"
PCM_RATE_HZ = 24_000
G711_RATE_HZ = 8_000
_CLIENT_COMMITS = ("gpt-realtime-whisper", "gpt-live-transcribe")
"""Models that have no voice activity detection at OpenAI: clients of these commit the
audio themselves and leave `turn_detection` out."""
LONGEST_MODEL = 200
"""The longest name of a model, in characters."""
_LONGEST_PROMPT = 10_000


def check_model_name(name: str) -> None:
    """Raises BadValue for a name that is too long."""
    if len(name) > LONGEST_MODEL:
        raise BadValue(
            f"`model` may have {LONGEST_MODEL} characters at most.", field="model"
        )


class Part(BaseModel):
    """A part of the configuration. Unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


PartT = TypeVar("PartT", bound=Part)


class AudioFormat(Part):
    """The encoding of the audio, always mono."""

    type: Literal["audio/pcm", "audio/pcmu", "audio/pcma"] = "audio/pcm"
    rate: int | None = Field(None, ge=8_000, le=48_000)

    @property
    def rate_hz(self) -> int:
        if self.type != "audio/pcm":
            return G711_RATE_HZ
        return self.rate or PCM_RATE_HZ

    @property
    def bytes_per_second(self) -> int:
        return self.rate_hz * (2 if self.type == "audio/pcm" else 1)

    def wire(self) -> dict[str, Any]:
        """As clients see it."""
        rate = {"rate": self.rate_hz} if self.type == "audio/pcm" else {}
        return {"type": self.type, **rate}


_PCM = AudioFormat()


def _check_language(value: str) -> None:
    if find_language(value) is None:
        raise ValueError(f"unknown language {value[:20]!r}; use a code such as `en`")


class Transcription(Part):
    """The model, the languages, and what helps the model."""

    model: str | None = Field(None, max_length=LONGEST_MODEL)
    language: str | None = None
    languages: list[str] | None = Field(None, max_length=100)
    prompt: str | None = Field(None, max_length=_LONGEST_PROMPT)
    keywords: list[Annotated[str, Field(max_length=200)]] | None = None
    delay: Literal["minimal", "low", "medium", "high", "xhigh"] | None = None

    @field_validator("language")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        _check_language(value or "")
        return value

    @field_validator("languages")
    @classmethod
    def _all_known(cls, values: list[str] | None) -> list[str] | None:
        for value in values or ():
            _check_language(value)
        return values


class NoiseReduction(Part):
    """Accepted and repeated; the voice activity detection works without it."""

    type: Literal["near_field", "far_field"] | None = None
    strength: float | None = Field(None, ge=0, le=1)


class Replying(Part):
    """What the end of a turn means in a conversation; without effect in a session that
    only transcribes."""

    create_response: bool | None = None
    interrupt_response: bool | None = None


_REPLYING = {*Replying.model_fields, "idle_timeout_ms"}
"""Not shown to a client that only has texts made."""


class ServerVad(Replying):
    """A turn ends after a silence."""

    type: Literal["server_vad"]
    threshold: float | None = Field(None, ge=0, le=1)
    prefix_padding_ms: int | None = Field(None, ge=0, le=60_000)
    silence_duration_ms: int | None = Field(None, ge=0, le=60_000)
    idle_timeout_ms: int | None = Field(None, ge=100, le=3_600_000)
    """In a conversation: so long a silence after a response is answered too."""


class SemanticVad(Replying):
    """A turn ends after a silence: short if the speaker seems to have finished, and
    otherwise longer the lower the eagerness is."""

    type: Literal["semantic_vad"]
    eagerness: Literal["low", "medium", "high", "auto"] | None = None


TurnDetection = ServerVad | SemanticVad


class AudioInput(Part):
    """How the audio is sent, and what happens to it."""

    format: AudioFormat | None = None
    transcription: Transcription | None = None
    noise_reduction: NoiseReduction | None = None
    turn_detection: Annotated[TurnDetection, Field(discriminator="type")] | None = None


class SessionAudio(Part):
    """A transcription session only has input."""

    input: AudioInput | None = None


class SessionChanges(Part):
    """What a `session.update` contains."""

    type: Literal["transcription"] = "transcription"
    audio: SessionAudio | None = None
    include: list[Literal["item.input_audio_transcription.logprobs"]] | None = None


@dataclass(frozen=True)
class SessionConfig:
    """The whole configuration in effect."""

    default_vad: ServerVad
    """The turn detection of a client that chooses none, all numbers set."""
    transcription: Transcription
    format: AudioFormat = _PCM
    noise_reduction: NoiseReduction | None = None
    include: tuple[str, ...] = ()
    chosen_turns: TurnDetection | None = None
    chooses_turns: bool = False
    """Whether the client has set `turn_detection`, perhaps to null."""

    @property
    def turn_detection(self) -> TurnDetection | None:
        """None: the client commits the audio."""
        if self.chooses_turns:
            return self.chosen_turns
        commits = (self.transcription.model or "").startswith(_CLIENT_COMMITS)
        return None if commits else self.default_vad

    @property
    def wants_logprobs(self) -> bool:
        return LOGPROBS in self.include

    def updated(self, changes: SessionChanges) -> SessionConfig:
        """The configuration after these changes."""
        config = self
        if "include" in changes.model_fields_set:
            config = replace(config, include=tuple(changes.include or ()))
        given = changes.audio.input if changes.audio else None
        return config._with_input(given) if given else config

    def _with_input(self, given: AudioInput) -> SessionConfig:
        config = self
        names = given.model_fields_set
        if "format" in names:
            config = replace(config, format=given.format or _PCM)
        if given.transcription is not None:
            merged = _transcription(self.transcription, given.transcription)
            config = replace(config, transcription=merged)
        if "noise_reduction" in names:
            reduction = given.noise_reduction
            merged_or_none = reduction and _merged(self.noise_reduction, reduction)
            config = replace(config, noise_reduction=merged_or_none)
        if "turn_detection" in names:
            chosen = self._chosen(given.turn_detection)
            config = replace(config, chosen_turns=chosen, chooses_turns=True)
        return config

    def _chosen(self, turns: TurnDetection | None) -> TurnDetection | None:
        """The choice with the numbers that it leaves out."""
        if turns is None:
            return None
        now = self.turn_detection
        return _merged(now if isinstance(now, type(turns)) else self.default_vad, turns)

    def wire(self) -> dict[str, Any]:
        """As clients see it: the part of the session object that they can change."""
        turns, reduction = self.turn_detection, self.noise_reduction
        return {
            "audio": {
                "input": {
                    "format": self.format.wire(),
                    "transcription": self.transcription.model_dump(exclude_none=True),
                    "noise_reduction": reduction and reduction.model_dump(),
                    "turn_detection": turns
                    and turns.model_dump(exclude_none=True, exclude=_REPLYING),
                }
            },
            "include": list(self.include) or None,
        }


def _merged(old: Part | None, new: PartT) -> PartT:
    """The fields that `new` has, over those of a part of the same kind."""
    if not isinstance(old, type(new)):
        return new
    changes = {name: getattr(new, name) for name in new.model_fields_set}
    return old.model_copy(update=changes)


def _transcription(old: Transcription, new: Transcription) -> Transcription:
    """One language or several: the latest choice replaces the other one."""
    merged = _merged(old, new)
    if new.languages:
        return merged.model_copy(update={"language": None})
    if new.language:
        return merged.model_copy(update={"languages": None})
    return merged
