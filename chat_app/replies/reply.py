"""Makes one reply: the language model's text and its audio."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from chat_app.conversation.caller import Caller
from chat_app.conversation.read_ahead import ReadAhead
from chat_app.conversation.scheduler import ReplyScheduler
from chat_app.core.events import Key
from chat_app.core.heard import Spoken, TimedWord
from chat_app.core.ids import new_id
from chat_app.replies.request import ReplySpec
from chat_app.replies.writing import Writing
from common.workers import Priority, Urgency
from gateway_app.usage.accounts import Account, Quota
from llm.engine import LlmEngine
from tts_app.core.events import (
    ClauseEnded,
    ClauseStarted,
    PcmAudio,
    SpeechEvent,
    SpeechFinished,
    TextDelta,
    WordsTimed,
)
from tts_app.service import SpeechService
from tts_app.speech_record import HeldRecord
from tts_app.speech_request import SpeechRequest

AHEAD_SECONDS = 6.0
"""The most unsent audio of one reply."""


@dataclass(frozen=True)
class ReplyServices:
    """The services that make the replies of one caller."""

    llm: LlmEngine
    speech: SpeechService
    scheduler: ReplyScheduler
    caller: Caller
    account: Account
    """Counts the caller's usage."""
    ahead: ReadAhead
    """Prefills the language model before a reply."""


class Reply:
    """A reply. `run` makes it, and whoever sends it reads `events`."""

    def __init__(
        self,
        key: Key,
        spec: ReplySpec,
        services: ReplyServices,
        *,
        priority: Priority,
        clock: Callable[[], float],
    ) -> None:
        """`priority` is the priority of the first clause."""
        self.key = key
        self.spec = spec
        self.response_id = new_id("resp")
        self.item_id = new_id("item")
        """The id of its message."""
        self.spoken = Spoken()
        self.writing = Writing(spec, services.llm, services.account, clock)
        self.error: Exception | None = None
        """Why it ended early."""
        self.ready_at: float | None = None
        """When the first audio existed, or the first text if it is only written."""
        self.has_message = False
        """Whether it says something; known once it is ready."""
        self.is_released = False
        self.voice = ""
        """The name of the voice."""
        self._services = services
        self._clock = clock
        self._urgency = Urgency(priority)
        self._record = HeldRecord()
        self._events: deque[SpeechEvent] = deque()
        self._unsent_seconds = 0.0
        self._changed = asyncio.Event()
        self._is_over = False

    @property
    def text(self) -> str:
        """What the language model has written so far."""
        return self.writing.text.strip()

    def release(self) -> None:
        """Its turn is committed: raise its priority, and keep it in the history."""
        self.is_released = True
        self._record.want()
        self._urgency.raise_to(Priority.FIRST_CLAUSE)

    async def run(self, ready: Callable[[], None]) -> None:
        """Make the whole reply. `ready` is called when the first audio exists; or the first
        text, if the reply is only written; or the calls, if there is nothing else.

        Raises the errors of the language model and of the synthesis before that.
        """
        try:
            if self.spec.speaks:
                self._services.account.check(Quota.AUDIO_OUT)
            if not self.spec.out_of_band:
                await self._services.ahead.settled()
            if not await self.writing.begin():
                self._become_ready(ready, has_message=False)
            elif self.spec.speaks:
                await self._speak(ready)
            else:
                await self._write(ready)
        finally:
            await self.writing.close()
            self._is_over = True
            self._changed.set()

    async def _speak(self, ready: Callable[[], None]) -> None:
        stream = await self._services.speech.open(
            SpeechRequest(
                "", voice=self.spec.voice, audio_format="pcm", word_times=True
            ),
            pieces=self.writing.pieces(),
            principal=self._services.caller.principal,
            client=self._services.caller.client,
            urgency=self._urgency,
            held=self._record,
        )
        self.voice = stream.voice.name
        self._become_ready(ready)
        try:
            async for event in stream:
                self._take(event)
                await self._wait_for_sender()
        finally:
            stream.close()

    async def _write(self, ready: Callable[[], None]) -> None:
        self._become_ready(ready)
        error: Exception | None = None
        try:
            async with aclosing(self.writing.pieces()) as pieces:
                async for piece in pieces:
                    self._take(TextDelta(piece))
        except Exception as failure:  # noqa: BLE001 - reported at the end of the reply
            error = failure
        self._take(SpeechFinished(0.0, error))

    def _become_ready(
        self, ready: Callable[[], None], *, has_message: bool = True
    ) -> None:
        self.has_message, self.ready_at = has_message, self._clock()
        ready()

    async def events(self) -> AsyncGenerator[SpeechEvent, None]:
        """The events to send, as they are made."""
        while True:
            while self._events:
                event = self._events.popleft()
                if isinstance(event, PcmAudio):
                    self._unsent_seconds -= event.seconds
                    self._changed.set()
                yield event
            if self._is_over:
                return
            self._changed.clear()
            await self._changed.wait()

    def _take(self, event: SpeechEvent) -> None:
        match event:
            case ClauseStarted():
                self.spoken.begin_clause(event.text, event.start_seconds)
            case WordsTimed():
                self.spoken.time_words(
                    TimedWord(each.word, each.start_seconds, each.end_seconds)
                    for each in event.words
                )
            case ClauseEnded():
                self.spoken.end_clause(event.end_seconds)
            case PcmAudio():
                self._unsent_seconds += event.seconds
            case SpeechFinished():
                self.error = event.error
        self._events.append(event)
        self._changed.set()

    async def _wait_for_sender(self) -> None:
        while self._unsent_seconds > AHEAD_SECONDS:
            self._changed.clear()
            await self._changed.wait()
