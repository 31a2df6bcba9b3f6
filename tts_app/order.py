"""What somebody wants to hear, checked before any work is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.config import Config
from common.errors import BadValue, TooLarge, Unspeakable
from llm.engine import ReplyOptions
from tts_app.core.engine import VoiceInfo
from tts_app.core.speech.encoding import FORMATS, check_rate
from tts_app.core.speech.plan import SpeechPlan
from tts_app.core.text.readers import INPUTS, Input

MIN_SPEED, MAX_SPEED = 0.25, 4.0
MAX_NOISE = 2.0
MIN_VOLUME, MAX_VOLUME = 0.01, 1.0


@dataclass(frozen=True)
class SpeechOrder:
    """What somebody wants to hear; None leaves it to the configuration."""

    text: str
    voice: str | None = None
    speaker: str | int | None = None
    speed: float = 1.0
    noise_scale: float | None = None
    noise_w: float | None = None
    volume: float = 1.0
    audio_format: str = "wav"
    sample_rate: int | None = None
    input: Input = "text"
    word_times: bool = False
    llm: bool | None = None
    options: ReplyOptions = ReplyOptions()
    """For the language model."""
    system_prompt: str | None = None
    conversation_id: str | None = None
    request_id: str = ""
    client: str = ""
    principal: str = ""
    """Whose conversation it is."""
    even_disabled: bool = False
    """Whether a voice will do that is installed but not offered."""


def check_order(order: SpeechOrder, config: Config) -> None:
    """Raises TooLarge, Unspeakable or BadValue, each naming the field."""
    _check_lengths(order, config.tts_max_text_length)
    if not order.text.strip():
        raise Unspeakable("The text is empty.", field="text")
    _check_one_of("format", order.audio_format, FORMATS)
    _check_one_of("input", order.input, INPUTS)
    if order.sample_rate is not None:
        check_rate(order.audio_format, order.sample_rate)
    _check_between("speed", order.speed, MIN_SPEED, MAX_SPEED)
    _check_between("volume", order.volume, MIN_VOLUME, MAX_VOLUME)
    for field in ("noise_scale", "noise_w"):
        _check_between(field, getattr(order, field) or 0.0, 0.0, MAX_NOISE)
    if order.input != "text" and order.llm:
        raise BadValue(
            f"`input: {order.input}` is spoken as given; the language model answers "
            "plain text only. Leave `llm` out, or set it to false.",
            field="input",
        )


def asks_llm(order: SpeechOrder, config: Config) -> bool:
    """Whether the language model answers first."""
    if order.input != "text":
        return False
    return config.tts_use_llm if order.llm is None else order.llm


def plan_for(order: SpeechOrder, voice: VoiceInfo, speaker: int | None) -> SpeechPlan:
    """How the order is spoken by this voice."""
    return SpeechPlan(
        voice,
        speaker,
        order.speed,
        order.audio_format,
        order.sample_rate,
        order.noise_scale,
        order.noise_w,
        order.volume,
        order.input,
        order.word_times,
    )


def _check_lengths(order: SpeechOrder, limit: int) -> None:
    for field in ("text", "system_prompt"):
        given = getattr(order, field) or ""
        if len(given) > limit:
            raise TooLarge(
                f"`{field}` has {len(given)} characters; at most {limit} are "
                "allowed (`tts_max_text_length`).",
                field=field,
            )


def _check_one_of(field: str, given: str, allowed: Sequence[str]) -> None:
    if given not in allowed:
        raise BadValue(f"`{field}` is one of {', '.join(allowed)}.", field=field)


def _check_between(field: str, given: float, least: float, most: float) -> None:
    if not least <= given <= most:
        raise BadValue(f"`{field}` is between {least:g} and {most:g}.", field=field)
