"""The options that a client may set."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from stt_app.core.codecs.decoders import Encoding
from stt_app.core.engine import Task
from stt_app.core.language_tags import find_language

Purpose = Literal["live", "file"]
Endpointing = Literal["fixed", "semantic", "vad"]
MAX_CHANNELS = 8
MAX_PROMPT_CHARACTERS = 800
"""Whisper reads about this much of a prompt, 223 tokens."""


class Options(BaseModel):
    """The client's options, at the start and later; None leaves an option unchanged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str | None = Field(
        None,
        description="Language of the speech, such as `en` or `en-US`, or `auto` to detect it.",
        examples=["en"],
    )
    sample_rate: int | None = Field(
        None,
        ge=8_000,
        le=48_000,
        description="Sample rate of the audio that follows, in Hz (8000 to 48000).",
        examples=[16_000],
    )
    encoding: Encoding | None = Field(
        None,
        description="Encoding of the audio that follows. `opus`, `webm` and `mp4` all mean what a browser's MediaRecorder produces, with its own sample rate: Opus in WebM or Ogg, or AAC or Opus in MP4, as Safari records it.",
        examples=["pcm_s16le"],
    )
    channels: int | None = Field(
        None,
        ge=1,
        le=MAX_CHANNELS,
        description="Channels of raw audio that follows, interleaved (1 to 8). They are mixed; while they cancel each other, the loudest one is taken. A container tells its own.",
        examples=[1],
    )
    task: Task | None = Field(
        None,
        description="`transcribe`, or `translate` to translate any language into English.",
        examples=["transcribe"],
    )
    interim_results: bool | None = Field(
        None,
        description="Whether to send interim results (`partial` messages) during speech.",
        examples=[True],
    )
    word_timestamps: bool | None = Field(
        None,
        description="Whether transcripts contain word timestamps and probabilities.",
        examples=[False],
    )
    prompt: str | None = Field(
        None,
        max_length=MAX_PROMPT_CHARACTERS,
        description="Text that sets style and spelling, as if it were the preceding transcript.",
        examples=["Minutes of the harbour council."],
    )
    hotwords: str | None = Field(
        None,
        max_length=MAX_PROMPT_CHARACTERS,
        description="Words and names that are likely to occur.",
        examples=["Dashwood, Gregson"],
    )
    silence_max_seconds: float | None = Field(
        None,
        ge=0.1,
        le=10,
        description="Silence that ends an utterance, in seconds (0.1 to 10).",
        examples=[0.7],
    )
    min_utterance_seconds: float | None = Field(
        None,
        ge=0,
        le=5,
        description="Minimum length of speech to transcribe, without its pauses, in seconds (0 to 5).",
        examples=[0.1],
    )
    vad_threshold: float | None = Field(
        None,
        ge=0.05,
        le=0.95,
        description="Probability above which a frame counts as speech (0.05 to 0.95).",
        examples=[0.5],
    )
    preroll_seconds: float | None = Field(
        None,
        ge=0,
        le=2,
        description="Audio kept from before the detected start of speech, in seconds (0 to 2).",
        examples=[0.3],
    )
    endpointing: Endpointing | None = Field(
        None,
        description="How long a pause ends an utterance: `fixed` (or `vad`), always `silence_max_seconds`; or `semantic`, as long as the turn model thinks that the speaker is not finished, up to `semantic_max_seconds`.",
        examples=["semantic"],
    )
    semantic_max_seconds: float | None = Field(
        None,
        ge=0.3,
        le=10,
        description="With `semantic` endpointing, the pause that ends an utterance which seems incomplete, in seconds (0.3 to 10).",
        examples=[1.6],
    )
    purpose: Purpose | None = Field(
        None,
        description="`live`, or `file` for a recording: no interim results, and a lower priority than live speech.",
        examples=["live"],
    )

    @field_validator("language")
    @classmethod
    def _known_language(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if code := find_language(value):
            return code
        raise ValueError(
            f"unknown language {value[:20]!r}; use `auto` or a code such as `en`"
        )
