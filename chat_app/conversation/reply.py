"""One reply: the language model's text, spoken, and held back until its turn is committed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from chat_app.conversation.reading import ReadAhead
from chat_app.core.events import Key
from chat_app.core.heard import Spoken
from chat_app.core.ids import new_id
from common.workers import Priority, Urgency
from gateway_app.access.principals import Principal
from gateway_app.usage.accounts import Account, Quota
from llm.engine import ChatMessage, Finished, LlmEngine, ReplyOptions, TextDelta
from tts_app.core.events import (
    ClauseEnded,
    ClauseStarted,
    PcmAudio,
    SpeechEvent,
    SpeechFinished,
)
from tts_app.llm_reply import empty_answer, metered
from tts_app.service import SpeechService
from tts_app.speech_record import HeldRecord
from tts_app.speech_request import SpeechRequest

AHEAD_SECONDS = 6.0
"""The most unsent audio of one reply."""


@dataclass(frozen=True)
class Speaker:
    """The services that make replies, and for whom."""

    llm: LlmEngine
    speech: SpeechService
    principal: Principal
    client: str
    account: Account
    """Of that caller's use."""
    ahead: ReadAhead
    """What the language model reads before a reply."""


class Reply:
    """A reply that is being made. `run` makes it; `events` are for whoever sends it."""

    def __init__(
        self,
        key: Key,
        messages: Sequence[ChatMessage],
        speaker: Speaker,
        request: SpeechRequest,
        options: ReplyOptions,
        *,
        speculative: bool,
        clock: Callable[[], float],
    ) -> None:
        self.key = key
        self.response_id = new_id("resp")
        self.item_id = new_id("item")
        self.spoken = Spoken()
        self.text = ""
        """What the language model has written so far."""
        self.finished: Finished | None = None
        self.error: Exception | None = None
        """Why it ended early."""
        self.first_token_at: float | None = None
        self.ready_at: float | None = None
        """When its first audio existed."""
        self.is_released = False
        self.voice = ""
        """The name of the voice."""
        self._messages = messages
        self._speaker = speaker
        self._request = request
        self._options = options
        self._clock = clock
        priority = Priority.SPECULATIVE if speculative else Priority.FIRST_CLAUSE
        self._urgency = Urgency(priority)
        self._record = HeldRecord()
        self._events: deque[SpeechEvent] = deque()
        self._unsent_seconds = 0.0
        self._changed = asyncio.Event()
        self._is_over = False

    def release(self) -> None:
        """Its turn is committed: it is urgent, and goes into the history."""
        self.is_released = True
        self._record.want()
        self._urgency.raise_to(Priority.FIRST_CLAUSE)

    async def run(self, ready: Callable[[], None]) -> None:
        """Make all of it; `ready` is called when the first audio exists.

        Raises what the language model or the speech raises before that.
        """
        stream = await self._speaker.speech.open(
            self._request,
            pieces=self._pieces(),
            principal=self._speaker.principal,
            client=self._speaker.client,
            urgency=self._urgency,
            held=self._record,
        )
        self.voice = stream.voice.name
        self.ready_at = self._clock()
        ready()
        try:
            async for event in stream:
                self._take(event)
                await self._wait_for_sender()
        finally:
            stream.close()
            self._is_over = True
            self._changed.set()

    async def events(self) -> AsyncGenerator[SpeechEvent, None]:
        """Everything that is to be sent, as it is made."""
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

    async def _pieces(self) -> AsyncGenerator[str, None]:
        llm, account = self._speaker.llm, self._speaker.account
        await account.admit(Quota.LLM_TOKENS)
        await self._speaker.ahead.settled()
        answer = metered(llm, self._messages, self._options, account)
        async with aclosing(answer) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    self.first_token_at = self.first_token_at or self._clock()
                    self.text += event.text
                    yield event.text
                elif isinstance(event, Finished):
                    self.finished = event
        if not self.text.strip():
            raise empty_answer(llm)
