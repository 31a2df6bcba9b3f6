"""Selects voices for requests: the installed ones, without disabled ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog
from channels.db import database_sync_to_async

from common.config import Config
from common.errors import BadValue, EngineFailed, UnknownVoice
from tts_app.core.engine import ChosenVoice, TtsEngine, VoiceInfo, VoiceSettings
from tts_app.core.text.language_detection import language_code, voice_for
from tts_app.voices.storage import VoiceChoices, read_choices, sync_voices

log = structlog.get_logger(__name__)

FRESH_SECONDS = 1.0
"""How often to reload the administrator's choices, at most."""
TROUBLED_SECONDS = 15.0
"""Pause after a database error."""
DATABASE_SECONDS = 1.0
"""The longest wait for choices, which rarely change."""
MOST_NAMED = 50
"""Voices or speakers in an error's sentence; some voices have 900 speakers."""
AUTO = "auto"

Result = TypeVar("Result")


@dataclass(frozen=True)
class AvailableVoices:
    """The available voices, including the default one."""

    voices: list[VoiceInfo]
    default: str


class VoiceSelector:
    """Finds the voice of a request. Database errors never prevent the use of a voice."""

    def __init__(self, config: Config, tts: TtsEngine) -> None:
        self._config = config
        self._tts = tts
        self._choices = VoiceChoices()
        self._fresh_until = 0.0

    async def sync(self) -> None:
        """Write the installed voices to the database."""
        voices = self._tts.voices()
        if voices and await _in_database(sync_voices, voices) is None:
            log.warning("voices not written to the database")
        self._fresh_until = 0.0

    async def available(self) -> AvailableVoices:
        """The available voices. Raises EngineFailed if there is none."""
        choices = await self._current_choices()
        installed = self._tts.voices()
        voices = [v for v in installed if v.name not in choices.disabled]
        if not voices:
            raise EngineFailed(_no_voice(installed, self._tts))
        names = [voice.name for voice in voices]
        wanted = (self._configured_name(), choices.default, names[0])
        return AvailableVoices(voices, next(name for name in wanted if name in names))

    async def choose(
        self, wanted: VoiceSettings, text: str = "", *, include_disabled: bool = False
    ) -> ChosenVoice:
        """The selected voice, and the settings with its name and speaker number. No
        name means the default voice. AUTO means the first voice in the language of the
        text, or the default one if it has that language or none matches; and a voice for
        each other language.
        Raises UnknownVoice, BadValue for a speaker that it does not have, or
        EngineFailed when there is no voice at all.
        """
        if include_disabled:
            available = AvailableVoices(self._tts.voices(), "")
        else:
            available = await self.available()
        voice = _voice_named(wanted.voice, text, available)
        speaker = self._speaker(voice, wanted.speaker)
        settings = replace(wanted, voice=voice.name, speaker=speaker)
        others: dict[str, VoiceInfo] = {}
        if wanted.voice == AUTO:
            others = _others(voice, await self.available())
        return ChosenVoice(voice, settings, others)

    def _speaker(self, voice: VoiceInfo, wanted: str | int | None) -> int | None:
        """The speaker's number. Raises BadValue."""
        count = max(1, len(voice.speakers))
        if wanted is None:
            usual = self._config.piper_speaker_id
            has_it = usual is not None and usual < len(voice.speakers)
            return usual if has_it else None
        if isinstance(wanted, str) and wanted in voice.speakers:
            return voice.speakers.index(wanted)
        number = _number(wanted)
        if number is not None and 0 <= number < count:
            return number if voice.speakers else None
        known = ", ".join(voice.speakers[:MOST_NAMED])
        offered = f"It has: {known}." if known else "It has only one, number 0."
        raise BadValue(
            f"The voice {voice.name} has no speaker `{wanted}`. {offered}",
            field="speaker",
        )

    def _configured_name(self) -> str:
        given = self._config.piper_model_path.replace("\\", "/").rsplit("/", 1)[-1]
        return given.removesuffix(".onnx")

    async def _current_choices(self) -> VoiceChoices:
        now = time.monotonic()
        if now < self._fresh_until:
            return self._choices
        self._fresh_until = now + FRESH_SECONDS
        choices = await _in_database(read_choices)
        if choices is None:
            self._fresh_until = now + TROUBLED_SECONDS
        else:
            self._choices = choices
        return self._choices


async def _in_database(work: Callable[..., Result], *arguments: Any) -> Result | None:
    try:
        call = database_sync_to_async(work)(*arguments)
        result: Result = await asyncio.wait_for(call, DATABASE_SECONDS)
        return result
    except Exception as error:  # noqa: BLE001 - whatever it is, speech goes on
        log.warning("voices not read: the database does not answer", reason=str(error))
        return None


def _voice_named(name: str, text: str, available: AvailableVoices) -> VoiceInfo:
    wanted = name or available.default
    if wanted == AUTO:
        wanted = voice_for(text, available.voices, available.default)
    for voice in available.voices:
        if voice.name == wanted:
            return voice
    known = ", ".join(voice.name for voice in available.voices[:MOST_NAMED])
    raise UnknownVoice(
        f"There is no voice `{wanted[:100]}`. Known: {known}; `{AUTO}` takes the one "
        "for the language of the text.",
        field="voice",
    )


def _others(voice: VoiceInfo, available: AvailableVoices) -> dict[str, VoiceInfo]:
    """A voice for each language besides that of `voice`, by its code."""
    found: dict[str, VoiceInfo] = {}
    for other in available.voices:
        found.setdefault(language_code(other.language), other)
    found.pop(language_code(voice.language), None)
    return found


def _number(wanted: str | int) -> int | None:
    try:
        return int(wanted)
    except ValueError:
        return None


def _no_voice(installed: list[VoiceInfo], tts: TtsEngine) -> str:
    if installed:
        return "Every installed voice is disabled; enable one in the admin."
    return tts.health().summary
