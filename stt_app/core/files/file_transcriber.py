"""Transcribes recordings: decodes, segments and transcribes in bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from common.config.speech import ListeningSettings
from common.workers import Priority, Urgency
from stt_app.core.endpointing.given_voice import LOWEST_THRESHOLD, GivenVoice
from stt_app.core.endpointing.vad import VadModel
from stt_app.core.engine import SttEngine
from stt_app.core.engine_load import EngineLoad
from stt_app.core.events import (
    Progress,
    SessionClosed,
    UtteranceFailed,
    UtteranceTranscribed,
)
from stt_app.core.files.media_decoder import MediaDecoder
from stt_app.core.files.request import FileRequest
from stt_app.core.session.engines import SessionEngines
from stt_app.core.session.session import SttSession
from stt_app.core.session.settings import SessionSettings, Start

_HELD_SECONDS = 60.0
"""The most audio pending in the engine; reading pauses above it. It is three
of the longest utterances, so that the engine always has the next one."""
MAX_TRACKS = 99
_FED_BYTES = 16_000 * 4 // 4
"""A quarter of a second of samples, so that nothing else in the process waits long."""


@dataclass(frozen=True)
class FileDuration:
    """How long the file is, as its header says."""

    audio_seconds: float


@dataclass(frozen=True)
class SilentTrack:
    """The chosen track has no sound, but another one has."""

    sounding_track: int
    """Counted from 1."""

    @property
    def hint(self) -> str:
        """A sentence for the person who sent the file."""
        return (
            f"The audio track is silent, but track {self.sounding_track} has sound. "
            "Choose it with the option `track`."
        )


_Note = FileDuration | SilentTrack
FileEvent = FileDuration | SilentTrack | Progress | UtteranceTranscribed


class FileTranscriber:
    """Transcribes several files at once, at a lower priority than live speech."""

    def __init__(
        self,
        engine: SttEngine,
        vad: VadModel,
        media: MediaDecoder,
        settings: ListeningSettings,
        load: EngineLoad | None = None,
    ) -> None:
        self._engine = engine
        self._vad = vad
        self._media = media
        self._settings = settings.model_copy(
            update={"max_buffer_seconds": _HELD_SECONDS}
        )
        self._load = load
        self._closing: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        """Held while samples are fed, so that the files take turns: many at once hold
        the event loop no longer than one does."""

    async def transcribe(
        self, request: FileRequest, priority: Priority = Priority.FILE
    ) -> AsyncGenerator[FileEvent, None]:
        """The file's utterances with words, in order from its start on, and its progress.

        The last event is a Progress with the file's true length.
        A caller that leaves early gives up all texts that are pending. Raises the error
        of the first utterance that has no text, and what `MediaDecoder.portions` raises.
        """
        urgency = Urgency(priority)
        session = self._session(request, urgency)
        notes: asyncio.Queue[_Note] = asyncio.Queue()
        audio_seconds = request.start_seconds
        feeding = asyncio.create_task(self._feed(session, request, notes))
        try:
            async for event in session.events():
                while not notes.empty():
                    yield notes.get_nowait()
                if isinstance(event, UtteranceFailed):
                    raise event.error
                if isinstance(event, Progress):
                    yield event
                if isinstance(event, SessionClosed):
                    audio_seconds = event.audio_seconds
                if isinstance(event, UtteranceTranscribed) and event.text:
                    yield event
            await feeding
            yield Progress(audio_seconds)
        finally:
            feeding.cancel()
            urgency.give_up()
            # A caller that cancels does not wait for pending texts.
            closing = asyncio.create_task(session.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def _session(self, request: FileRequest, urgency: Urgency) -> SttSession:
        chosen: dict[str, Any] = {
            "purpose": "file",
            "encoding": "pcm_f32le",
            "sample_rate": 16_000,
        }
        vad, start_seconds = self._vad, request.start_seconds
        if request.voice_probability is not None:
            vad = GivenVoice(request.voice_probability)
            chosen |= {"vad_threshold": LOWEST_THRESHOLD, "min_utterance_seconds": 0.0}
        resumed = True if start_seconds else None
        options = request.options.model_copy(update=chosen)
        return SttSession(
            SessionEngines(self._engine, vad, load=self._load),
            SessionSettings(self._settings, options, urgency.priority, request.model),
            Start(audio_seconds=start_seconds, resumed=resumed, session_id="file"),
            urgency=urgency,
        )

    async def _feed(
        self,
        session: SttSession,
        request: FileRequest,
        notes: asyncio.Queue[_Note],
    ) -> None:
        try:
            async for portion in self._media.portions(
                request.path, request.start_seconds, request.track
            ):
                if portion.duration_seconds is not None:
                    notes.put_nowait(FileDuration(portion.duration_seconds))
                if portion.sounding_track is not None:
                    notes.put_nowait(SilentTrack(portion.sounding_track))
                data = portion.samples.astype("<f4").tobytes()
                for at in range(0, len(data), _FED_BYTES):
                    async with self._turn:
                        session.feed(data[at : at + _FED_BYTES])
                        # Others run before the next file has its turn.
                        await asyncio.sleep(0)
                    await session.wait_for_capacity()
        finally:
            session.finish()
