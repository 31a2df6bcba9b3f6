"""What is said in a recording: decoded, cut and transcribed in bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from common.config import Config
from common.errors import EngineFailed
from stt_app.core.endpointing.vad import VadModel
from stt_app.core.engine import SttEngine
from stt_app.core.files.media_decoder import MediaDecoder
from stt_app.core.messages import Acknowledged, ErrorHappened, TranscriptReady
from stt_app.core.session.options import Options
from stt_app.core.session.session import Start, SttSession

_HELD_SECONDS = 60.0
"""Sound that waits for the engine; the file is read no further meanwhile."""
_FED_BYTES = 16_000 * 4
"""A second of samples, so that nobody else in the process waits long."""


@dataclass(frozen=True)
class Length:
    """How long the file is, as its header says."""

    seconds: float


@dataclass(frozen=True)
class Settled:
    """Everything before is written down."""

    seconds: float


class FileTranscriber:
    """Transcribes files, one after the other, behind everybody who speaks live."""

    def __init__(
        self, engine: SttEngine, vad: VadModel, media: MediaDecoder, config: Config
    ) -> None:
        self._engine = engine
        self._vad = vad
        self._media = media
        self._config = config.model_copy(update={"max_buffer_seconds": _HELD_SECONDS})
        self._left: set[asyncio.Task[None]] = set()

    async def transcribe(
        self, path: Path, options: Options, start_seconds: float = 0.0
    ) -> AsyncIterator[TranscriptReady | Settled | Length]:
        """The file's utterances in order, from there on, and how far they have come.

        Raises UnsupportedAudio, TooLarge, EngineFailed or OSError.
        """
        session = self._session(options, start_seconds)
        lengths: asyncio.Queue[Length] = asyncio.Queue()
        feeding = asyncio.create_task(self._feed(session, path, start_seconds, lengths))
        try:
            async for message in session.events():
                while not lengths.empty():
                    yield lengths.get_nowait()
                if isinstance(message, ErrorHappened):
                    raise EngineFailed(message.message)
                if isinstance(message, Acknowledged):
                    yield Settled(message.audio_seconds)
                if isinstance(message, TranscriptReady) and message.text:
                    yield message
            await feeding
        finally:
            feeding.cancel()
            # Who gives up does not wait for the texts that are on their way.
            left = asyncio.create_task(session.close())
            self._left.add(left)
            left.add_done_callback(self._left.discard)

    def _session(self, options: Options, start_seconds: float) -> SttSession:
        chosen = {"purpose": "file", "encoding": "pcm_f32le", "sample_rate": 16_000}
        resumed = True if start_seconds else None
        return SttSession(
            self._engine,
            self._config,
            self._vad,
            session_id="file",
            options=options.model_copy(update=chosen),
            start=Start(audio_seconds=start_seconds, resumed=resumed),
        )

    async def _feed(
        self,
        session: SttSession,
        path: Path,
        start_seconds: float,
        lengths: asyncio.Queue[Length],
    ) -> None:
        try:
            async for portion in self._media.portions(path, start_seconds):
                if portion.duration_seconds is not None:
                    lengths.put_nowait(Length(portion.duration_seconds))
                data = portion.samples.astype("<f4").tobytes()
                for at in range(0, len(data), _FED_BYTES):
                    session.feed(data[at : at + _FED_BYTES])
                    await session.room()
        finally:
            session.finish()
