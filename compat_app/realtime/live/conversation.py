"""One Live session: what the client's events do to its conversation."""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from chat_app.conversation.options import ConversationOptions
from chat_app.core import outputs as out
from chat_app.core.dialogue import Item, Role
from chat_app.core.ids import new_id
from chat_app.replies.request import ResponseRequest
from chat_app.session.session import ConversationSession
from common.errors import BadValue
from compat_app.realtime.conversation.output import OutputAudio
from compat_app.realtime.live import client, server
from compat_app.realtime.live.backend import COMMENTARY, Backend
from compat_app.realtime.live.captions import LiveCaptions
from compat_app.realtime.live.configuration import Delegation, SessionConfig
from compat_app.realtime.live.errors import error_event
from compat_app.realtime.live.waiting import Waiting
from compat_app.realtime.shared.session import AudioFormat

_REASONS: dict[str, server.ClosedReason] = {
    "restarting": "connection_lost",
    "idle": "expired",
    "expired": "expired",
    "quota": "expired",
}


Choose = Callable[[SessionConfig], Awaitable[ConversationOptions]]
"""The options of a conversation with that configuration. Raises VoiceError."""


@dataclass(frozen=True)
class Terms:
    """What the server sets for a session."""

    id: str
    expires_at: int
    """In Unix time."""


class LiveConversation:
    """Handles the client's events, and yields the server's.

    Its times are milliseconds since its start.
    """

    def __init__(
        self,
        talk: ConversationSession,
        config: SessionConfig,
        terms: Terms,
        choose: Choose,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._talk = talk
        self._config = config
        self._terms = terms
        self._choose = choose
        self._clock = clock
        self._began = clock()
        self._format = AudioFormat(type=config.format.type, rate=config.format.rate)
        self._audio = OutputAudio(self._format)
        self._waiting = Waiting(talk)
        self._spoke = False
        """Whether anything was said, by either side."""
        self._captions = LiveCaptions()
        self._speech_end_ms = 0
        """Where the user's last turn ended."""
        self._told_ms = 0
        """Where in the audio the last caption ended."""
        self._heard_ms = 0.0
        """How much audio has come."""
        self._backend = Backend(config.backend.model or config.model)
        self._reply_began_ms = 0
        self._reason: server.ClosedReason = "connection_lost"

    @property
    def usage(self) -> server.SessionUsage:
        """How long the session has lasted."""
        return server.SessionUsage(seconds=round(self._clock() - self._began, 3))

    def started(self, client_event_id: str | None) -> server.SessionStarted:
        """The first event. Earlier messages are in the conversation from now on."""
        for item in self._config.input:
            role: Role = "system" if item.role == "developer" else item.role
            self._add(item.content[0].text, role)
        return server.SessionStarted(
            session=self._session(), client_event_id=client_event_id
        )

    async def hear(self, audio: str) -> None:
        """Base64 in the session's format. Raises BadValue."""
        try:
            data = base64.b64decode(audio, validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadValue("`audio` must be base64.", field="audio") from error
        size = self._talk.slice_bytes
        # Reading a large event has blocked the event loop already.
        await asyncio.sleep(0)
        self._heard_ms += 1000 * len(data) / self._format.bytes_per_second
        for start in range(0, len(data), size):
            self._talk.feed(data[start : start + size])
            await self._talk.wait_for_capacity()

    async def handle(self, event: client.ClientMessage) -> BaseModel | None:
        """Do what the client asks. Returns the answer, if there is one. Raises VoiceError."""
        answers = event.event_id
        match event:
            case client.SessionUpdate():
                await self._update(event.session.delegation)
                session = self._session()
                return server.SessionUpdated(session=session, client_event_id=answers)
            case client.ResponseItemCreate():
                self._check_backend(event.type)
                self._talk.add_item(event.item.as_item())
            case client.ResponseCreate():
                self._check_backend(event.type)
                self._waiting.reply()
            case client.MuteInput():
                self._talk.is_muted = True
                return server.InputMuted(client_event_id=answers)
            case client.UnmuteInput():
                self._talk.is_muted = False
                return server.InputUnmuted(client_event_id=answers)
            case client.AppendInstructions():
                self._add(event.content)
                self._greet()
                return server.InstructionsAppended(**self._now(answers))
            case client.AppendThinking():
                self._add(event.content)
                return server.ThinkingAppended(**self._now(answers))
            case client.AppendCommentary():
                self._waiting.say(event.content)
                return server.CommentaryAppended(**self._now(answers))
            case client.SessionStart():
                raise BadValue("The session has started already.", field="type")
        return None

    async def events(self) -> AsyncIterator[BaseModel]:
        """Every event between the first and the last."""
        async for event in self._talk.events():
            for message in self._messages(event):
                yield message

    def closed(self) -> server.SessionClosed:
        """The last event."""
        return server.SessionClosed(
            session=self._session(), reason=self._reason, usage=self.usage
        )

    def usage_event(self) -> server.UsageUpdated:
        """How long the session has lasted."""
        return server.UsageUpdated(usage=self.usage)

    async def finish(self, reason: str) -> None:
        """End it; `events` ends."""
        self._reason = _REASONS.get(reason, "close_requested")
        await self._talk.drain()

    async def close(self) -> None:
        """The connection has ended."""
        await self._talk.close()

    async def _update(self, delegation: Delegation | None) -> None:
        config = self._config.updated(delegation)
        options = await self._choose(config)
        self._talk.configure(options, config.format.rate)
        self._config = config
        self._backend.model = config.backend.model or config.model

    def _check_backend(self, kind: str) -> None:
        if not self._config.shows_responses:
            raise BadValue(
                f"`{kind}` needs a delegation of the type `responses`.", field="type"
            )

    def _messages(self, event: out.ConversationEvent) -> Iterator[BaseModel]:
        if self._config.shows_responses:
            yield from self._backend.events(event, self._now_ms())
        match event:
            case out.SpeechStarted():
                self._waiting.user_speaks = True
                self._told_ms = max(self._told_ms, event.audio_start_ms)
            case out.SpeechStopped():
                self._speech_end_ms = event.audio_end_ms
            case out.CaptionHeard():
                delta = self._captions.hear(event.item_id, event.text)
                yield from self._heard(delta, round(self._heard_ms))
            case out.TurnCommitted():
                yield from self._committed(event)
            case out.TurnDropped():
                self._waiting.user_speaks = False
                self._waiting.go_on()
            case out.ResponseStarted():
                self._response_started(event)
            case out.ClauseSpoken():
                yield self._caption(event)
            case out.ReplyAudio():
                if data := self._audio.push(event.samples, event.rate_hz):
                    yield server.OutputAudio(delta=data)
            case out.ResponseEnded():
                yield from self._ended(event)
            case out.InputFailed():
                yield error_event(event.error)

    def _committed(self, event: out.TurnCommitted) -> Iterator[BaseModel]:
        self._waiting.user_speaks, self._spoke = False, True
        delta = self._captions.end(event.item_id, event.text)
        yield from self._heard(delta, self._speech_end_ms)
        if self._config.client_answers:
            details = server.DelegationDetails(id=new_id("delegation"))
            end_ms = self._speech_end_ms
            yield server.DelegationCreated(delegation=details, offset_ms=end_ms)
        self._waiting.go_on()

    def _heard(self, delta: str, end_ms: int) -> Iterator[BaseModel]:
        """The next words of the user, up to that place in the audio."""
        if delta:
            start_ms, self._told_ms = self._told_ms, max(self._told_ms, end_ms)
            yield server.InputTranscript(
                delta=delta, start_ms=start_ms, end_ms=self._told_ms
            )

    def _response_started(self, event: out.ResponseStarted) -> None:
        self._spoke = True
        if event.metadata != COMMENTARY:
            self._waiting.reply_began()
        self._reply_began_ms = self._now_ms()
        self._audio = OutputAudio(self._format)

    def _ended(self, event: out.ResponseEnded) -> Iterator[BaseModel]:
        if rest := self._audio.finish():
            yield server.OutputAudio(delta=rest)
        if event.error is not None:
            yield error_event(event.error)
        if event.status == "cancelled":
            self._waiting.interrupted()
        self._waiting.go_on()

    def _caption(self, event: out.ClauseSpoken) -> server.OutputTranscript:
        start_ms = max(self._now_ms(), self._reply_began_ms + event.start_ms)
        return server.OutputTranscript(
            delta=f"{event.text} ", start_ms=start_ms, end_ms=start_ms
        )

    def _greet(self) -> None:
        """Answer instructions before anything was said."""
        if not self._spoke and not self._config.client_answers:
            self._spoke = self._waiting.ask(ResponseRequest())

    def _add(self, text: str, role: Role = "system") -> None:
        self._talk.add_item(Item("", role, text))

    def _now_ms(self) -> int:
        return round((self._clock() - self._began) * 1000)

    def _now(self, client_event_id: str | None) -> dict[str, Any]:
        now_ms = self._now_ms()
        return {
            "start_ms": now_ms,
            "end_ms": now_ms,
            "client_event_id": client_event_id,
        }

    def _session(self) -> dict[str, object]:
        return {
            "id": self._terms.id,
            "status": "active",
            "expires_at": self._terms.expires_at,
            **self._config.wire(),
        }
