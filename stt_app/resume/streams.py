"""Streams outlive their connections: a client that lost its own goes on with another."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import structlog

from common.config.speech import ListeningSettings
from common.errors import Superseded
from gateway_app.history.records import HistoryWriter, TranscriptRecord
from stt_app.core.events import Progress, SessionEvent, UtteranceTranscribed
from stt_app.core.session.settings import Start
from stt_app.resume.checkpoints import (
    Checkpoint,
    Checkpoints,
    MemoryCheckpoints,
    RedisCheckpoints,
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ResumePoint:
    """Which stream goes on, and where."""

    token: str
    audio_seconds: float | None = None
    """Where the audio that follows begins; None is the last acknowledgement."""


def _nobody() -> None:
    """Nobody asks."""


class Stream:
    """One connection's hold on its stream."""

    def __init__(
        self,
        checkpoints: Checkpoints,
        owner: str,
        checkpoint: Checkpoint,
        start: Start,
    ) -> None:
        self.owner = owner
        self.start = start
        self.superseded = False
        """Another connection serves it now, so what is heard here counts no more."""
        self.on_superseded: Callable[[], object] = _nobody
        """Called when another connection of this process takes it up."""
        self._checkpoints = checkpoints
        self._checkpoint = checkpoint

    @property
    def token(self) -> str:
        """What its client resumes it by."""
        return self.start.resume_token or ""

    @property
    def session_id(self) -> str:
        return self._checkpoint.session_id

    async def watching(
        self, events: AsyncIterator[SessionEvent]
    ) -> AsyncIterator[SessionEvent]:
        """The events; what was sent of them is noted. Raises Superseded."""
        await self._save()
        async for event in events:
            yield event
            checkpoint = _after(event, self._checkpoint)
            if checkpoint is not self._checkpoint:
                self._checkpoint = checkpoint
                await self._save()

    async def _save(self) -> None:
        if not await self._checkpoints.save(self.token, self.owner, self._checkpoint):
            self.superseded = True
            raise superseded()


class Streams:
    """All streams of a process, and what waits for clients that may come back."""

    def __init__(
        self,
        settings: ListeningSettings,
        history: HistoryWriter,
        *,
        redis_url: str = "",
    ) -> None:
        self._resume_seconds = settings.resume_seconds
        self._keep_seconds = settings.stt_session_seconds
        self._redis_url = redis_url
        self._history = history
        self._checkpoints: Checkpoints = MemoryCheckpoints(self._keep_seconds)
        self._holding: dict[asyncio.Task[None], list[TranscriptRecord]] = {}
        self._open: dict[str, Stream] = {}

    async def start(self) -> None:
        """Share the checkpoints through Redis, where it is configured."""
        if self._redis_url:
            self._checkpoints = RedisCheckpoints(self._redis_url, self._keep_seconds)

    async def stop(self) -> None:
        """Nobody comes back any more: write what was held."""
        for task, records in list(self._holding.items()):
            task.cancel()
            self._write(records)
        self._holding.clear()
        await self._checkpoints.close()

    async def take(
        self,
        session_id: str,
        principal_id: str,
        resume: ResumePoint | None,
    ) -> Stream:
        """The stream that is resumed, or a new one.

        A stream belongs to the principal that began it: for another one its token is
        not known.
        """
        owner, found = uuid.uuid4().hex, None
        if resume is not None:
            found = await self._checkpoints.claim(resume.token, owner, principal_id)
        # Nobody may choose a token, so one that is not known gives way to a new one.
        token = resume.token if resume and found else uuid.uuid4().hex
        checkpoint = found or Checkpoint(session_id, principal=principal_id)
        if resume is not None:
            checkpoint = checkpoint.at(resume.audio_seconds)
            self._supersede(token)
            log.info("stream resumed", known=found is not None)
        start = Start(
            checkpoint.audio_seconds,
            checkpoint.utterances,
            token,
            resumed=None if resume is None else found is not None,
        )
        stream = Stream(self._checkpoints, owner, checkpoint, start)
        self._open[token] = stream
        return stream

    def _supersede(self, token: str) -> None:
        stream = self._open.pop(token, None)
        if stream is not None:
            stream.superseded = True
            stream.on_superseded()

    async def leave(
        self, stream: Stream, records: list[TranscriptRecord], *, lost: bool
    ) -> None:
        """The connection has ended. What is held of a lost one waits for a resume."""
        if lost and self._resume_seconds and not stream.superseded:
            task = asyncio.create_task(self._hold(stream))
            self._holding[task] = records
            return
        if not stream.superseded:
            self._write(records)
            await self._end(stream)

    async def _hold(self, stream: Stream) -> None:
        """Write the last words, unless the client comes back and says them again."""
        await asyncio.sleep(self._resume_seconds)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker
        records = self._holding.pop(task, [])
        if await self._checkpoints.owns(stream.token, stream.owner):
            self._write(records)
            await self._end(stream)

    async def _end(self, stream: Stream) -> None:
        self._open.pop(stream.token, None)
        await self._checkpoints.forget(stream.token)

    def _write(self, records: list[TranscriptRecord]) -> None:
        for record in records:
            self._history.record(record)


def superseded() -> Superseded:
    """What the connection is told that served the stream before."""
    return Superseded("Another connection has taken this stream up.")


def _after(event: SessionEvent, checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint once this event was sent; the same one if it settles nothing."""
    if isinstance(event, UtteranceTranscribed) and event.text:
        end_seconds = round(event.end_seconds, 3)
        return checkpoint.with_utterance(event.utterance_id, end_seconds)
    if isinstance(event, Progress):
        return checkpoint.acknowledged(event.audio_seconds)
    return checkpoint
