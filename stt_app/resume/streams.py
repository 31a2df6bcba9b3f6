"""Streams outlive their connections: a client can resume one on a new connection."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import structlog

from common.config.speech import ListeningSettings
from common.errors import Superseded
from gateway_app.history.records import HistoryWriter, TranscriptRecord
from gateway_app.retention.people import Person
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
    """Which stream to resume, and where."""

    token: str
    audio_seconds: float | None = None
    """The position of the following audio; None means the last acknowledgement."""


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
        """Another connection serves it now, so this one no longer counts."""
        self.on_superseded: Callable[[], object] = _nobody
        """Called when another connection of this process resumes it."""
        self._checkpoints = checkpoints
        self._checkpoint = checkpoint

    @property
    def token(self) -> str:
        """The resume token."""
        return self.start.resume_token or ""

    @property
    def session_id(self) -> str:
        return self._checkpoint.session_id

    async def watching(
        self, events: AsyncIterator[SessionEvent]
    ) -> AsyncIterator[SessionEvent]:
        """The events; records which were sent. Raises Superseded."""
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


@dataclass(frozen=True)
class _Held:
    """What a lost connection leaves behind, while its client may resume."""

    stream: Stream
    records: list[TranscriptRecord]


class Streams:
    """All streams of a process, and the records held for clients that may reconnect."""

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
        self._holding: dict[asyncio.Task[None], _Held] = {}
        self._open: dict[str, Stream] = {}

    async def start(self) -> None:
        """Share the checkpoints through Redis, where it is configured."""
        if self._redis_url:
            self._checkpoints = RedisCheckpoints(self._redis_url, self._keep_seconds)

    async def stop(self) -> None:
        """Write the held records. Their clients can resume at another process only, which
        finds the checkpoints in Redis."""
        holding, self._holding = self._holding, {}
        for task in holding:
            task.cancel()
        await asyncio.gather(*map(self._write_held, holding.values()))
        await self._checkpoints.close()

    def forget(self, person: Person) -> None:
        """Drop the held records of this person, and their streams in this memory.
        Those in Redis are deleted by whoever forgets the person."""
        for held in self._holding.values():
            records = held.records
            records[:] = [r for r in records if not person.owns(r.principal, r.client)]
        if isinstance(self._checkpoints, MemoryCheckpoints):
            self._checkpoints.forget_principals(person.principals)

    async def take(
        self,
        session_id: str,
        principal_id: str,
        resume: ResumePoint | None,
    ) -> Stream:
        """The resumed stream, or a new one. A stream belongs to the principal that
        began it: for any other, its token is unknown.
        """
        owner, found = uuid.uuid4().hex, None
        if resume is not None:
            found = await self._checkpoints.claim(resume.token, owner, principal_id)
        # Clients may not choose tokens, so a new one replaces an unknown one.
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
            session_id=checkpoint.session_id,
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
        """The connection has ended. Records of a lost one are held for a resume."""
        if lost and self._resume_seconds and not stream.superseded:
            task = asyncio.create_task(self._hold())
            self._holding[task] = _Held(stream, records)
            return
        if not stream.superseded:
            self._write(records)
            await self._end(stream)

    async def _hold(self) -> None:
        """Write the last words once the client can resume no more."""
        await asyncio.sleep(self._resume_seconds)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker
        held = self._holding.pop(task, None)
        if held is not None and await self._write_held(held):
            await self._end(held.stream)

    async def _write_held(self, held: _Held) -> bool:
        """Write the last words, unless the client has resumed and resent them. Returns
        whether they were written."""
        stream = held.stream
        is_ours = await self._checkpoints.owns(stream.token, stream.owner)
        if is_ours:
            self._write(held.records)
        return is_ours

    async def _end(self, stream: Stream) -> None:
        self._open.pop(stream.token, None)
        await self._checkpoints.forget(stream.token)

    def _write(self, records: list[TranscriptRecord]) -> None:
        for record in records:
            self._history.record(record)


def superseded() -> Superseded:
    """The error for the connection that served the stream before."""
    return Superseded("Another connection has taken this stream up.")


def _after(event: SessionEvent, checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint after this event was sent; unchanged if it settles nothing."""
    if isinstance(event, UtteranceTranscribed) and event.text:
        end_seconds = round(event.end_seconds, 3)
        return checkpoint.with_utterance(event.utterance_id, end_seconds)
    if isinstance(event, Progress):
        return checkpoint.acknowledged(event.audio_seconds)
    return checkpoint
