"""The schemas of the speech API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
)

from common.text_cleaning import clean_text
from tts_app.core.engine import VoiceSettings
from tts_app.core.speech.encoding import RATES_HZ
from tts_app.protocol.llm_fields import LlmFields
from tts_app.speech_request import (
    MAX_NOISE,
    MAX_SPEED,
    MAX_VOLUME,
    MIN_SPEED,
    MIN_VOLUME,
    SpeechRequest,
)


def _cleaned(given: Any) -> Any:
    return clean_text(given) if isinstance(given, str) else given


Text = Annotated[str, BeforeValidator(_cleaned)]


class TtsIn(LlmFields):
    """A request for speech."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Text = Field(
        description="A prompt for the language model, or with `llm: false` the text to speak."
    )
    voice: str | None = Field(
        None,
        description="A name from `GET /voices`, or `auto`: the voice that speaks the "
        "language of the text. Without it the default voice.",
        min_length=1,
        max_length=200,
    )
    speaker: StrictInt | Annotated[str, Field(max_length=200)] | None = Field(
        None, description="Name or number, for a voice with several speakers."
    )
    speed: float = Field(
        1.0,
        description="1 is normal speed, 2 is twice as fast.",
        ge=MIN_SPEED,
        le=MAX_SPEED,
        allow_inf_nan=False,
    )
    noise_scale: float | None = Field(
        None,
        description="Variation of the sound; default: the configured one.",
        ge=0,
        le=MAX_NOISE,
        allow_inf_nan=False,
    )
    noise_w: float | None = Field(
        None,
        description="Variation of the rhythm; default: the configured one.",
        ge=0,
        le=MAX_NOISE,
        allow_inf_nan=False,
    )
    volume: float = Field(
        1.0,
        description="Fraction of full loudness.",
        ge=MIN_VOLUME,
        le=MAX_VOLUME,
        allow_inf_nan=False,
    )
    input: Literal["text", "ssml", "phonemes"] = Field(
        "text",
        description="`ssml`: a small SSML document. `phonemes`: text in which `[[...]]` "
        "holds phonemes. Both are spoken as given, without the language model.",
    )
    format: Literal["wav", "mp3", "opus", "aac", "flac", "pcm"] = Field(
        "wav", description="`pcm` is PCM16 without a header; `opus` comes in Ogg."
    )
    sample_rate: StrictInt | None = Field(
        None,
        description="Rate of the audio in Hz; `mp3`, `aac` and `opus` have a few only. "
        "Without it the voice's own, and 48000 for these three.",
        ge=RATES_HZ.start,
        le=RATES_HZ.stop - 1,
    )
    stream_format: Literal["audio", "sse"] = Field(
        "audio",
        description="`sse`: server-sent events with the text, base64 audio, and when "
        "each word is heard.",
    )
    system_prompt: Text | None = Field(
        None, description="Replaces the configured one for this request."
    )
    llm: StrictBool | None = Field(
        None,
        description="Whether the language model answers; default: `tts_use_llm`.",
    )

    def speech_request(self, request_id: str) -> SpeechRequest:
        """The request for the service."""
        return SpeechRequest(
            self.text,
            voice=VoiceSettings(
                voice=self.voice or "",
                speaker=self.speaker,
                speed=self.speed,
                noise_scale=self.noise_scale,
                noise_w=self.noise_w,
                volume=self.volume,
            ),
            input=self.input,
            word_times=self.stream_format == "sse",
            llm=self.llm,
            options=self.options(),
            system_prompt=self.system_prompt,
            conversation_id=self.conversation_id,
            request_id=request_id,
            audio_format=self.format,
        )


class VoiceOut(Schema):
    """An available voice."""

    name: str
    language: str
    quality: str
    sample_rate: int
    speakers: list[str]
    size_bytes: int
    licence: str
    source: str
    sha256: str
    sample: str = Field(description="A sentence in its language, to try it.")


class VoicesOut(Schema):
    """All available voices."""

    voices: list[str]
    default: str | None
    details: list[VoiceOut]
