"""Speech requests, validated before any work."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import KW_ONLY, dataclass

from common.config.speech import PiperSettings
from common.errors import BadValue, TooLarge, Unspeakable
from llm.engine import ReplyOptions
from tts_app.core.engine import USUAL_VOICE, VoiceSettings
from tts_app.core.text.readers import INPUTS, Input

MIN_SPEED, MAX_SPEED = 0.25, 4.0
"""Beyond these limits Piper's voices are unintelligible."""
MAX_NOISE = 2.0
MIN_VOLUME, MAX_VOLUME = 0.01, 1.0


@dataclass(frozen=True)
class SpeechRequest:
    """A request for speech; None leaves a value to the configuration."""

    text: str
    _: KW_ONLY
    voice: VoiceSettings = USUAL_VOICE
    """As the caller gave it: its `voice` may be AUTO, and its `speaker` a name."""
    input: Input = "text"
    word_times: bool = False
    llm: bool | None = None
    """Whether the language model answers the text, or it is spoken as it is."""
    options: ReplyOptions = ReplyOptions()
    """For the language model."""
    system_prompt: str | None = None
    conversation_id: str | None = None
    request_id: str = ""
    audio_format: str = "pcm"
    """The endpoint's audio format, for the history."""
    include_disabled: bool = False
    """Whether a disabled voice is allowed."""


def check_request(
    request: SpeechRequest, settings: PiperSettings, *, has_text: bool = True
) -> None:
    """Raises TooLarge, Unspeakable or BadValue, each naming the field.

    Without `has_text` the text comes later, in pieces.
    """
    _check_lengths(request, settings.tts_max_text_length)
    if has_text and not request.text.strip():
        raise Unspeakable("The text is empty.", field="text")
    _check_one_of("input", request.input, INPUTS)
    voice = request.voice
    _check_between("speed", voice.speed, MIN_SPEED, MAX_SPEED)
    _check_between("volume", voice.volume, MIN_VOLUME, MAX_VOLUME)
    _check_between("noise_scale", voice.noise_scale or 0.0, 0.0, MAX_NOISE)
    _check_between("noise_w", voice.noise_w or 0.0, 0.0, MAX_NOISE)
    if request.input != "text" and request.llm:
        raise BadValue(
            f"`input: {request.input}` is spoken as given; the language model answers "
            "plain text only. Leave `llm` out, or set it to false.",
            field="input",
        )


def asks_llm(request: SpeechRequest, settings: PiperSettings) -> bool:
    """Whether the language model answers first."""
    if request.input != "text":
        return False
    return settings.tts_use_llm if request.llm is None else request.llm


async def within_limit(
    pieces: AsyncGenerator[str, None], settings: PiperSettings
) -> AsyncGenerator[str, None]:
    """The pieces of a text. Raises TooLarge once they are longer than a text may be."""
    length = 0
    async with aclosing(pieces):
        async for piece in pieces:
            length += len(piece)
            _check_length("text", length, settings.tts_max_text_length)
            yield piece


def _check_lengths(request: SpeechRequest, limit: int) -> None:
    for field in ("text", "system_prompt"):
        _check_length(field, len(getattr(request, field) or ""), limit)


def _check_length(field: str, length: int, limit: int) -> None:
    if length > limit:
        raise TooLarge(
            f"`{field}` has {length} characters; at most {limit} are "
            "allowed (`tts_max_text_length`).",
            field=field,
        )


def _check_one_of(field: str, given: str, allowed: Sequence[str]) -> None:
    if given not in allowed:
        raise BadValue(f"`{field}` is one of {', '.join(allowed)}.", field=field)


def _check_between(field: str, given: float, least: float, most: float) -> None:
    if not least <= given <= most:
        raise BadValue(f"`{field}` is between {least:g} and {most:g}.", field=field)
