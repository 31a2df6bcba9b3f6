"""The conversation of a call, and the playback of its replies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from chat_app.core import outputs as out
from chat_app.protocol.event import ServerEvent
from compat_app.realtime.calls.messages import (
    ClearOutput,
    OutputCleared,
    OutputStarted,
    OutputStopped,
    read_call_event,
)
from compat_app.realtime.calls.playback import (
    RATE_HZ,
    Cleared,
    Playback,
    PlaybackEvent,
    Played,
    Started,
    Stopped,
)
from compat_app.realtime.conversation.carriers import Carrier
from compat_app.realtime.conversation.conversation import RealtimeConversation

AHEAD_SECONDS = 1.0
"""How much of a reply is buffered for playback."""
_HEARD_TO_THE_END = ("completed", "incomplete")


class CallConversation:
    """Connects a conversation to its playback: passes on the audio of replies, and reports
    back how much of it was played.

    `begin` must be called before anything else.
    """

    def __init__(self) -> None:
        self.playback = Playback(self._on_playback)
        self.carrier = Carrier(self._take, RATE_HZ, AHEAD_SECONDS)
        self._conversation: RealtimeConversation | None = None
        self._response_ids: dict[str, str] = {}
        """By item, for the items whose audio is played."""
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def begin(self, conversation: RealtimeConversation) -> None:
        """Set the conversation that uses the carrier."""
        self._conversation = conversation

    @property
    def conversation(self) -> RealtimeConversation:
        """Raises RuntimeError before `begin`."""
        if self._conversation is None:
            raise RuntimeError("the conversation has not begun")
        return self._conversation

    async def handle(self, text: str) -> None:
        """Carry out an event of the client. Raises Refused and BadRequest."""
        event = read_call_event(text, self.conversation.kind)
        if isinstance(event, ClearOutput):
            self.conversation.engine.cancel_reply()
            self.playback.clear()
        else:
            await self.conversation.handle(event)

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Every event of the conversation. Raises the error that ended it."""
        yield self.conversation.created()
        async for event in self.conversation.events():
            yield event

    async def playback_events(self) -> AsyncIterator[dict[str, Any]]:
        """The events of the playback; never ends."""
        while True:
            yield await self._told.get()

    def _take(self, event: out.ConversationEvent) -> None:
        """An event of the engine, before the client is told of it."""
        match event:
            case out.ReplyAudio():
                self._response_ids[event.item_id] = event.response_id
                self.playback.put(event.response_id, event.samples, event.rate_hz)
            case out.OutputPaused():
                self.playback.pause()
            case out.OutputResumed():
                self.playback.resume()
            case out.ResponseEnded():
                self._end(event)
            case out.ItemTruncated():
                self._cut(event.item_id)
            case out.TurnReopened():
                self._cut(event.reply_item_id)

    def _end(self, event: out.ResponseEnded) -> None:
        if event.status in _HEARD_TO_THE_END:
            self.playback.complete(event.response_id)
        elif event.out_of_band:
            # The user may be interrupting another response, which stays paused.
            self.playback.drop(event.response_id)
        else:
            self.playback.clear(event.response_id)

    def _cut(self, item_id: str) -> None:
        if response_id := self._response_ids.pop(item_id, ""):
            self.playback.clear(response_id)

    def _on_playback(self, event: PlaybackEvent) -> None:
        match event:
            case Started():
                self._tell(OutputStarted(response_id=event.response_id))
            case Stopped():
                self._forget(event.response_id)
                self._tell(OutputStopped(response_id=event.response_id))
            case Cleared():
                self._forget(event.response_id)
                self._tell(OutputCleared(response_id=event.response_id))
            case Played():
                played_ms = round(event.seconds * 1000)
                self.conversation.engine.played(event.response_id, played_ms)

    def _forget(self, response_id: str) -> None:
        kept = [pair for pair in self._response_ids.items() if pair[1] != response_id]
        self._response_ids = dict(kept)

    def _tell(self, event: ServerEvent) -> None:
        self._told.put_nowait(event.wire())
