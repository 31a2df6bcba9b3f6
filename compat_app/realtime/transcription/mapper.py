"""Maps the events of a transcription session to events of the Realtime API."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from chat_app.protocol.event import ServerEvent
from chat_app.protocol.server import Cleared, Committed, ItemAdded
from common.audio import SPEECH_RATE_HZ
from common.errors import VoiceError
from compat_app.realtime.shared.errors import failure
from compat_app.realtime.shared.messages import (
    ItemDone,
    SessionUpdated,
    SpeechStarted,
    SpeechStopped,
    TranscriptCompleted,
    TranscriptDelta,
    TranscriptFailed,
)
from compat_app.realtime.shared.parts import ConversationItem, ItemContent, Usage
from compat_app.realtime.shared.session import SessionConfig
from compat_app.realtime.transcription.items import Item
from stt_app.core.events import (
    CandidateDropped,
    EndReason,
    InterimResult,
    Marked,
    SessionEvent,
    SpeechConfirmed,
    SpeechEnded,
    UtteranceFailed,
    UtteranceResult,
    UtteranceTranscribed,
)


@dataclass(frozen=True)
class Update:
    """The mark of a new configuration, with the session object that clients see."""

    config: SessionConfig
    session: dict[str, Any]


@dataclass
class Commit:
    """The mark of a client's commit. The flush for it follows."""

    audio_seconds: float
    utterance_id: int | None = None
    """The last utterance that belongs to it; set by the flush."""


@dataclass(frozen=True)
class Clear:
    """The mark of a client's clear. The discarded audio follows."""


class TranscriptionMapper:
    """Maps the events of one session; the client's requests are marks among them.

    An item is a turn: with turn detection until the pause, otherwise until the client
    commits. Its transcript comes in one piece, after those of earlier items.
    """

    def __init__(self, config: SessionConfig) -> None:
        self.unanswered = 0
        """Marks to come, and commits without a transcript; the caller increments it."""
        self._config = config
        self._open: Item | None = None
        self._committed: deque[Item] = deque()
        self._owners: dict[int, Item] = {}
        self._flushed: tuple[Item, int] | None = None
        """The latest commit with speech in it, and its last utterance."""
        self._previous_id: str | None = None

    def events(self, event: SessionEvent) -> Iterator[ServerEvent]:
        """The events for this one, in order."""
        match event:
            case SpeechConfirmed():
                yield from self._begin(event.start_sample)
            case InterimResult():
                yield from self._begin(event.start_sample)
                yield from self._interim(event.stable_text)
            case SpeechEnded():
                yield from self._end(event)
            case CandidateDropped():
                if self._open is not None and self._open.started:
                    yield from self._stop(event.speech_end_sample)
            case UtteranceTranscribed() | UtteranceFailed():
                yield from self._take(event)
            case Marked():
                yield from self._handle(event.mark)

    @property
    def _detects_turns(self) -> bool:
        return self._config.turn_detection is not None

    def _begin(self, start_sample: int) -> Iterator[ServerEvent]:
        """Make sure that there is an open item, and that the client knows."""
        if self._open is None:
            self._open = Item()
        item = self._open
        if self._detects_turns and not item.started:
            item.started = True
            yield SpeechStarted(item_id=item.id, audio_start_ms=_ms(start_sample))

    def _interim(self, stable_text: str) -> Iterator[ServerEvent]:
        item = self._open
        # Earlier texts of this item, or those of earlier items, are still to come.
        if item is None or item.pending or self._committed:
            return
        yield from _delta(item, stable_text)

    def _end(self, event: SpeechEnded) -> Iterator[ServerEvent]:
        number = event.utterance_id
        if self._flushed is not None and number <= self._flushed[1]:
            self._own(number, self._flushed[0])
            return
        yield from self._begin(event.start_sample)
        if self._open is not None:
            self._own(number, self._open)
        goes_on = event.reason is EndReason.LIMIT
        by_pause = event.reason is EndReason.SILENCE
        if not goes_on and (self._detects_turns or not by_pause):
            yield from self._stop(event.end_sample)

    def _own(self, number: int, item: Item) -> None:
        self._owners[number] = item
        item.pending.add(number)

    def _stop(self, end_sample: int) -> Iterator[ServerEvent]:
        """The turn is over."""
        item, self._open = self._open, None
        if item is None:
            return
        if item.started:
            yield SpeechStopped(item_id=item.id, audio_end_ms=_ms(end_sample))
        yield from self._commit(item)

    def _commit(self, item: Item) -> Iterator[ServerEvent]:
        previous, self._previous_id = self._previous_id, item.id
        shown = _shown(item)
        yield Committed(item_id=item.id, previous_item_id=previous)
        yield ItemAdded(previous_item_id=previous, item=shown)
        yield ItemDone(previous_item_id=previous, item=shown)
        self._committed.append(item)
        yield from self._settle()

    def _take(self, result: UtteranceResult) -> Iterator[ServerEvent]:
        item = self._owners.pop(result.utterance_id, None)
        if item is None:  # the client has cleared it
            return
        item.take(result)
        first = self._committed[0] if self._committed else self._open
        if item is first:
            yield from _delta(item)
        yield from self._settle()

    def _settle(self) -> Iterator[ServerEvent]:
        """Tell the transcripts that are complete, in the order of the items."""
        while self._committed and not self._committed[0].pending:
            item = self._committed.popleft()
            self.unanswered -= item.by_client
            yield from _delta(item)
            error = item.error
            yield _failed(item, error) if error else self._completed(item)

    def _completed(self, item: Item) -> TranscriptCompleted:
        optional: dict[str, Any] = {}
        if item.languages:
            optional["languages"] = item.languages
        if self._config.wants_logprobs:
            optional["logprobs"] = item.logprobs
        return TranscriptCompleted(
            item_id=item.id,
            content_index=0,
            transcript=item.transcript,
            usage=Usage(type="duration", seconds=item.audio_seconds),
            **optional,
        )

    def _handle(self, mark: object) -> Iterator[ServerEvent]:
        match mark:
            case Update():
                self.unanswered -= 1
                self._config = mark.config
                yield SessionUpdated(session=mark.session)
            case Clear():
                self.unanswered -= 1
                self._forget_open()
                yield Cleared()
            case Commit():
                yield from self._commit_of_client(mark)

    def _forget_open(self) -> None:
        item, self._open = self._open, None
        for number in item.pending if item is not None else ():
            del self._owners[number]

    def _commit_of_client(self, commit: Commit) -> Iterator[ServerEvent]:
        item, self._open = self._open or Item(), None
        item.by_client = True
        if not self._detects_turns:  # otherwise earlier turns are in it
            item.committed_seconds = commit.audio_seconds
        if commit.utterance_id is not None:
            self._own(commit.utterance_id, item)
            self._flushed = item, commit.utterance_id
        yield from self._commit(item)


async def as_events(
    events: AsyncIterator[SessionEvent], mapper: TranscriptionMapper
) -> AsyncIterator[dict[str, Any]]:
    """The events of a session as they are sent, as its own events come."""
    async for event in events:
        for message in mapper.events(event):
            yield message.wire()


def _delta(item: Item, interim: str = "") -> Iterator[TranscriptDelta]:
    if more := item.delta(interim):
        yield TranscriptDelta(item_id=item.id, content_index=0, delta=more)


def _failed(item: Item, error: VoiceError) -> TranscriptFailed:
    return TranscriptFailed(item_id=item.id, content_index=0, error=failure(error))


def _shown(item: Item) -> dict[str, Any]:
    shown = ConversationItem(
        id=item.id,
        object="realtime.item",
        type="message",
        status="completed",
        role="user",
        content=[ItemContent(type="input_audio", transcript=None)],
    )
    return shown.model_dump()


def _ms(sample: int) -> int:
    return sample * 1000 // SPEECH_RATE_HZ
