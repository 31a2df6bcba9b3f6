"""The answer to `describe`: what Home Assistant shows and offers to choose from."""

from __future__ import annotations

import asyncio

from wyoming.info import (
    AsrModel,
    AsrProgram,
    Attribution,
    Info,
    TtsProgram,
    TtsVoice,
    TtsVoiceSpeaker,
)

from common.config import Config
from common.errors import EngineFailed
from common.product import NAME, VERSION
from stt_app.service import ListeningService
from tts_app.core.engine import VoiceInfo
from tts_app.service import SpeechService

PATIENCE_SECONDS = 0.05
"""Home Assistant waits a second for the answer. The database, which knows the disabled
voices, may take longer: then the answer is the one before."""

_ENGINES = {
    "whisper": Attribution("SYSTRAN", "https://github.com/SYSTRAN/faster-whisper"),
    "piper": Attribution("OHF-Voice", "https://github.com/OHF-Voice/piper1-gpl"),
}


class InfoSource:
    """Describes the services that run here."""

    def __init__(
        self,
        config: Config,
        listening: ListeningService | None,
        speech: SpeechService | None,
    ) -> None:
        self._config = config
        self._listening = listening
        self._speech = speech
        self._latest: Info | None = None

    async def current(self) -> Info:
        """The programs, models and voices of this moment, or of the one before."""
        fresh = asyncio.ensure_future(self._describe())
        if self._latest is not None:
            await asyncio.wait({fresh}, timeout=PATIENCE_SECONDS)
            if not fresh.done():
                return self._latest
        return await fresh

    async def _describe(self) -> Info:
        asr = [self._asr(self._listening)] if self._listening is not None else []
        tts = [await self._tts(self._speech)] if self._speech is not None else []
        self._latest = Info(asr=asr, tts=tts)
        return self._latest

    def _asr(self, listening: ListeningService) -> AsrProgram:
        engine = _attribution(self._config.stt_engine)
        return AsrProgram(
            name=NAME,
            attribution=engine,
            installed=True,
            description="Speech to text",
            version=VERSION,
            models=[
                AsrModel(
                    name=name,
                    attribution=engine,
                    installed=True,
                    description=name,
                    version=None,
                    languages=listening.languages,
                )
                for name in listening.models
            ],
            supports_transcript_streaming=True,
            requires_external_vad=not self._config.wyoming_endpointing,
            # Distant microphones are too quiet for the voice detector. Whisper was
            # trained on noise, and noise reduction takes parts of the speech away.
            prefers_auto_gain_enabled=True,
            prefers_noise_reduction_enabled=False,
        )

    async def _tts(self, speech: SpeechService) -> TtsProgram:
        engine = _attribution(self._config.tts_engine)
        try:
            voices = (await speech.available_voices()).voices
        except EngineFailed:
            voices = []
        return TtsProgram(
            name=NAME,
            attribution=engine,
            installed=bool(voices),
            description="Text to speech",
            version=VERSION,
            voices=[_voice(voice, engine) for voice in voices],
            supports_synthesize_streaming=True,
        )


def _attribution(engine: str) -> Attribution:
    return _ENGINES.get(engine) or Attribution(engine, "")


def _voice(voice: VoiceInfo, engine: Attribution) -> TtsVoice:
    speakers = [TtsVoiceSpeaker(name) for name in voice.speakers]
    return TtsVoice(
        name=voice.name,
        attribution=engine,
        installed=True,
        description=_description(voice),
        version=None,
        languages=[voice.language],
        speakers=speakers or None,
    )


def _description(voice: VoiceInfo) -> str:
    """`joe (medium)` of `en_US-joe-medium`, because the list is one of its language."""
    language, _, rest = voice.name.partition("-")
    name, _, quality = rest.rpartition("-")
    if language != voice.language or quality != voice.quality or not name:
        return voice.name
    return f"{name.replace('_', ' ')} ({quality})"
