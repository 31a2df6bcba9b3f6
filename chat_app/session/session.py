"""One conversation, as endpoints use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from chat_app.conversation.background import Background
from chat_app.conversation.options import ConversationOptions
from chat_app.core import events as on, outputs as out
from chat_app.core.dialogue import Dialogue, Item
from chat_app.core.turns import TurnMachine
from chat_app.replies.out_of_band import OutOfBand
from chat_app.replies.replies import Replies
from chat_app.replies.reply import ReplyServices
from chat_app.replies.request import ResponseRequest, reply_spec
from chat_app.replies.response_log import ResponseLog
from chat_app.replies.running import Question
from chat_app.replies.sink import EventSink
from chat_app.session.compaction import Compaction
from chat_app.session.items import ClientItems
from chat_app.session.limits import ConversationLimits
from chat_app.session.turn_cues import TurnCues
from chat_app.session.turn_taking import TurnTaking
from common.errors import BadRequest, VoiceError
from stt_app.core.codecs.decoders import PCM16, silence
from stt_app.live_session import LiveSession


class ConversationSession:
    """One conversation.

    `feed` never waits; the caller awaits `wait_for_capacity` after each frame. `events`
    is the only output. `close` must be awaited at the end.
    """

    def __init__(
        self,
        live: LiveSession,
        services: ReplyServices,
        cues: TurnCues,
        log: ResponseLog,
        limits: ConversationLimits,
        options: ConversationOptions,
    ) -> None:
        self.dialogue = Dialogue(limits.items)
        self.is_muted = False
        """Whether the input is replaced by silence."""
        self.account = services.account
        """Counts the caller's usage."""
        self._live = live
        self._ahead = services.ahead
        self._options = options
        self._events: asyncio.Queue[out.ConversationEvent | None] = asyncio.Queue()
        self._failure: VoiceError | None = None
        sink = EventSink(self._events.put_nowait, self._events.qsize)
        self._put, self._clock = sink.put, sink.clock
        self._items = ClientItems(self.dialogue, sink.put)
        self._replies = Replies(
            self.dialogue, services, sink, log, lambda event: self._turns.tell(event)
        )
        self._out_of_band = OutOfBand(services, sink, log, limits.out_of_band)
        self._compaction = Compaction(
            self.dialogue, services, limits.summaries, lambda: self._machine.is_idle
        )
        self._turns = TurnTaking(
            live, self.dialogue, self._replies, self._compaction, cues, sink
        )
        self._turns.configure(options)
        self._background = Background()
        self._background.run(self._listen())

    @property
    def slice_bytes(self) -> int:
        """The most bytes to feed at once, so that other tasks get their turn."""
        return self._live.slice_bytes

    def feed(self, frame: bytes) -> None:
        """Mono audio at the session's rate, PCM16 unless the options name another
        encoding, of any length. Raises UnsupportedAudio."""
        if self.is_muted or self._machine.mutes_input(self._clock()):
            frame = silence(self._options.listening.encoding or PCM16, len(frame))
        self._live.feed(frame)
        if voiced := self._live.voiced_seconds:
            self._turns.tell(on.VoiceHeard(voiced))

    async def wait_for_capacity(self) -> None:
        """Return when there is room for another frame. Always yields to other tasks."""
        await self._live.wait_for_capacity()

    def configure(self, options: ConversationOptions, rate_hz: int) -> None:
        """Change the options for what follows; `rate_hz` is that of the audio."""
        self._live.configure(options.listening_at(rate_hz), options.listening_model)
        self._options = options
        self._turns.configure(options)

    def commit_audio(self) -> bool:
        """End the user's turn now. Returns whether there was one."""
        return self._live.flush() is not None or self._machine.turn is not None

    def clear_audio(self) -> None:
        """Drop the open turn of the user."""
        self._live.discard()
        self._turns.tell(on.InputCleared())

    def add_item(self, item: Item, previous_item_id: str | None = None) -> None:
        """Add an item, at the end or after that one (ROOT: first); without an id it gets
        one. Raises BadValue for an id that exists, or a previous one that does not.
        """
        self._items.add(item, previous_item_id)
        if item.kind == "message" and item.role == "user":
            self._turns.question(item.text)
        elif item.kind == "function_call_output":
            self._replies.keep_result(item.call_id, item.output)

    def item(self, item_id: str) -> Item | None:
        """The item as the conversation has it: of a reply, what was heard."""
        return self._items.find(item_id)

    def delete_item(self, item_id: str) -> bool:
        """Returns whether there was one."""
        self._replies.forget(item_id)
        return self._items.delete(item_id)

    def ask_reply(self, request: ResponseRequest | None = None) -> None:
        """Answer what was said so far. Raises BadRequest while there is a response, or
        for one out-of-band response too many."""
        request = request or ResponseRequest()
        if request.out_of_band:
            spec = reply_spec(request, self._options, self.dialogue)
            self._out_of_band.start(
                spec, Question(request.question, self._turns.language)
            )
            return
        if self._machine.has_response:
            raise BadRequest("The conversation already has an active response.")
        self._replies.stage_times.start()
        self._replies.request = request
        if request.items is not None:
            self._turns.question(request.question)
        self._turns.tell(on.ReplyAsked())
        self._replies.request = ResponseRequest()

    def cancel_reply(self, response_id: str = "") -> bool:
        """End that response, or the conversation's own. Returns whether there was one."""
        if response_id not in ("", self._replies.output.last_response_id):
            return self._out_of_band.cancel(response_id)
        had_one = self._machine.has_reply
        self._turns.tell(on.ReplyCancelled())
        return had_one

    def truncate(self, item_id: str, audio_end_ms: int) -> bool:
        """The client has played only so much. Returns whether that item is a reply."""
        return self._replies.truncate(item_id, audio_end_ms / 1000)

    def played(self, response_id: str, played_ms: int) -> None:
        """The client has played so much of the response."""
        self._replies.output.report(response_id, played_ms / 1000)

    def warn_of_end(self, seconds: float) -> None:
        """Tell the client that the connection ends in this many seconds."""
        self._put(out.ClosingSoon(seconds))

    async def events(self) -> AsyncIterator[out.ConversationEvent]:
        """Every event until the end. Raises the error that ended it."""
        while (event := await self._events.get()) is not None:
            yield event
        if self._failure is not None:
            raise self._failure

    async def drain(self) -> None:
        """End the conversation at the server's request, with a turn that is open."""
        self._turns.tell(on.ReplyCancelled())
        await self._live.drain("restarting")

    async def close(self) -> None:
        """The client has gone, or the server ends the conversation."""
        self._background.cancel()
        parts = (self._turns, self._background, self._ahead, self._replies)
        for part in (*parts, self._out_of_band, self._compaction, self._live):
            await part.close()

    @property
    def _machine(self) -> TurnMachine:
        return self._turns.machine

    async def _listen(self) -> None:
        try:
            async for event in self._live.events():
                self._turns.hear(event)
        except VoiceError as error:
            self._failure = error
        self._events.put_nowait(None)
