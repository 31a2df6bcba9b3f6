"""The replies of one conversation: prepared, released, paused, cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import structlog

from chat_app.conversation.desk import ReplyDesk
from chat_app.conversation.marks import Marks
from chat_app.conversation.options import ConversationOptions
from chat_app.conversation.reply import Reply, Speaker
from chat_app.conversation.running import Question, Running
from chat_app.conversation.sender import ReplySender
from chat_app.core import actions as do, events as on, outputs as out
from chat_app.core.dialogue import Dialogue, Item
from chat_app.core.events import Key
from common.errors import INTERNAL, VoiceError
from tts_app.speech_request import SpeechRequest

log = structlog.get_logger(__name__)

_STATUS: dict[do.CancelReason, out.Status] = {do.CancelReason.TIMED_OUT: "incomplete"}


class Replies:
    """Does what the state machine wants with replies, and is its view of the output."""

    def __init__(
        self,
        dialogue: Dialogue,
        speaker: Speaker,
        desk: ReplyDesk,
        marks: Marks,
        put: Callable[[out.ConversationEvent], None],
        tell: Callable[[on.TurnEvent], None],
        clock: Callable[[], float],
        *,
        waiting: Callable[[], int],
        finished: Callable[[out.ResponseEnded, Running], None],
    ) -> None:
        """`put` takes the events, and `waiting` says how many of them are unread.
        `finished` gets each response at its end, and again when it is truncated later.
        """
        self.question = Question()
        """What the next reply answers, for the records."""
        self._dialogue = dialogue
        self._speaker = speaker
        self._desk = desk
        self._marks = marks
        self._put = put
        self._waiting = waiting
        self._finished = finished
        self._tell = tell
        self._clock = clock
        self._options = ConversationOptions()
        self._instructions = ""
        self._running: dict[Key, Running] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._last: Running | None = None
        """The newest response, also after its end."""
        self._count = 0

    def use(self, options: ConversationOptions, instructions: str) -> None:
        """For the replies that begin from now on."""
        self._options, self._instructions = options, instructions

    @property
    def last_item_id(self) -> str:
        """The item of the newest response."""
        return self._last.reply.item_id if self._last is not None else ""

    # As OutputView

    def played_seconds(self) -> float:
        if self._last is None or self._last.sender is None:
            return 0.0
        return self._last.sender.position_seconds

    def spoken_words(self, since: float) -> Sequence[str]:
        if self._last is None:
            return ()
        return self._last.reply.spoken.words_since(since, self._clock())

    def obey(self, action: do.TurnAction) -> None:
        match action:
            case do.StartReply():
                self._start(action)
            case do.DropReply():
                self._drop(action.key)
            case do.ReleaseReply():
                self._release(action.key)
            case do.PauseOutput():
                self._pause()
            case do.ResumeOutput():
                self._resume()
            case do.CancelReply():
                self._cancel(action)

    def report(self, response_id: str, seconds: float) -> None:
        """The client has played so much of a response."""
        last = self._last
        if last is not None and last.reply.response_id == response_id:
            last.reply.spoken.clock.report(seconds, self._clock())

    def truncate(self, item_id: str, seconds: float) -> bool:
        """Cut a reply's item to what was heard. Returns whether it is the newest one."""
        last = self._last
        if last is None or last.reply.item_id != item_id:
            return False
        heard, heard_ms = self._keep(last, seconds), round(seconds * 1000)
        if last.ended is not None and last.reply.key not in self._running:
            last.ended = replace(last.ended, text=heard, heard_ms=heard_ms)
            self._record(last)
        return True

    async def close(self) -> None:
        for key in list(self._running):
            self._drop(key)
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _start(self, action: do.StartReply) -> None:
        text = action.text if action.speculative else ""
        reply = Reply(
            action.key,
            self._dialogue.messages(self._instructions, text),
            self._speaker,
            self._request(),
            self._options.llm,
            speculative=action.speculative,
            clock=self._clock,
        )
        running = self._running[action.key] = Running(reply, self._marks)
        running.take_back = partial(self._take_back, action.key)
        self._desk.begin(running, speculative=action.speculative)
        running.making = asyncio.create_task(self._make(running))

    def _request(self) -> SpeechRequest:
        return SpeechRequest("", voice=self._options.voice, audio_format="pcm")

    async def _make(self, running: Running) -> None:
        reply = running.reply
        try:
            await reply.run(partial(self._ready, running))
        except Exception as error:  # noqa: BLE001 - told to the client, or tried again
            self._failed(running, error)

    def _ready(self, running: Running) -> None:
        self._desk.end(running)
        self._tell(on.ReplyReady(running.reply.key))
        if running.reply.is_released:
            self._send(running)

    def _failed(self, running: Running, error: Exception) -> None:
        """There is no audio of it."""
        key = running.reply.key
        self._desk.end(running)
        if self._running.get(key) is not running:
            return
        if not isinstance(error, VoiceError):
            log.error("reply failed", exc_info=error)
            error = VoiceError(INTERNAL)
        self._forget(running)
        if running.reply.is_released:
            self._dialogue.remove(running.reply.item_id)
            self._put(running.end("failed", error=error))
            self._record(running)
        self._tell(on.ReplyFailed(key))

    def _take_back(self, key: Key) -> None:
        """Committed turns of other conversations need its place."""
        self._drop(key)
        self._tell(on.ReplyFailed(key))

    def _drop(self, key: Key) -> None:
        if (running := self._running.get(key)) is not None:
            self._forget(running)
            running.stop()

    def _forget(self, running: Running) -> None:
        self._running.pop(running.reply.key, None)
        self._desk.end(running)
        for task in (running.making, running.sending):
            if task is not None and not task.done():
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)

    def _release(self, key: Key) -> None:
        running = self._running[key]
        reply = running.reply
        running.question = self.question
        running.marks = self._marks.copy()
        reply.release()
        if reply.ready_at is None:
            self._desk.commit(running)
        self._count += 1
        previous = running.previous_item_id = self._dialogue.last_id
        self._dialogue.put(Item(reply.item_id, "assistant", "", is_complete=False))
        self._last, running.number = running, self._count
        self._put(
            out.ResponseStarted(reply.response_id, reply.item_id, self._count, previous)
        )
        running.sender = ReplySender(
            reply,
            self._count,
            self._put,
            self._waiting,
            self._clock,
            self._options.ahead_seconds,
        )
        if reply.ready_at is not None:
            self._send(running)

    def _send(self, running: Running) -> None:
        if running.sending is None and running.sender is not None:
            running.sending = asyncio.create_task(self._play(running))

    async def _play(self, running: Running) -> None:
        reply, sender = running.reply, running.sender
        if sender is None:
            return

        def sent() -> None:
            self._dialogue.put(Item(reply.item_id, "assistant", reply.text.strip()))
            error = reply.error
            if error is not None and not isinstance(error, VoiceError):
                error = VoiceError(INTERNAL)
            cut = reply.finished is None or reply.finished.reason != "stop"
            status: out.Status = "incomplete" if cut or error else "completed"
            self._put(running.end(status, error=error))

        await sender.run(sent)
        reply.spoken.end(self._clock())
        self._forget(running)
        self._record(running)
        self._tell(on.ReplyPlayed(reply.key))

    def _pause(self) -> None:
        if self._last is not None and self._last.sender is not None:
            self._last.sender.pause()
            self._put(out.OutputPaused(self._last.reply.response_id))

    def _resume(self) -> None:
        if self._last is not None and self._last.sender is not None:
            self._last.sender.resume()
            self._put(out.OutputResumed(self._last.reply.response_id))

    def _cancel(self, action: do.CancelReply) -> None:
        running = self._running.get(action.key)
        if running is None:
            return
        seconds = self.played_seconds()
        running.reply.spoken.end(self._clock())
        self._forget(running)
        running.stop()
        heard = self._keep(running, seconds)
        status = _STATUS.get(action.reason, "cancelled")
        reason = action.reason.value
        heard_ms = round(seconds * 1000)
        if running.ended is None:
            self._put(running.end(status, reason, heard=(heard, heard_ms)))
        else:  # everything was sent
            running.ended = replace(
                running.ended,
                status=status,
                reason=reason,
                text=heard,
                heard_ms=heard_ms,
            )
        if not action.reopens:
            self._record(running)

    def _keep(self, running: Running, seconds: float) -> str:
        """Keep of the item what was heard by then. Returns that."""
        reply = running.reply
        heard = reply.spoken.heard_text(seconds)
        if heard:
            self._dialogue.put(
                Item(reply.item_id, "assistant", heard, is_complete=False)
            )
        else:
            self._dialogue.remove(reply.item_id)
        self._put(out.ItemTruncated(reply.item_id, round(seconds * 1000), heard))
        return heard

    def _record(self, running: Running) -> None:
        if running.ended is not None:
            self._finished(running.ended, running)
