"""The replies of one conversation: prepared, released, paused, cancelled."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from chat_app.conversation.background import Background
from chat_app.conversation.desk import ReplyDesk
from chat_app.conversation.marks import Marks
from chat_app.conversation.options import ConversationOptions
from chat_app.conversation.reply import Reply, Speaker
from chat_app.conversation.request import ResponseRequest, order_for
from chat_app.conversation.running import Outlet, Question, Running
from chat_app.core import actions as do, events as on, outputs as out
from chat_app.core.dialogue import ROOT, Dialogue, Item
from chat_app.core.events import Key
from common.audio import Samples
from common.errors import VoiceError
from common.workers import Priority

_STATUS: dict[do.CancelReason, out.Status] = {do.CancelReason.TIMED_OUT: "incomplete"}
_CAN_BE_CUT = 8
"""The newest responses, whose items a client may truncate."""


class Replies:
    """Does what the state machine wants with replies, and is its view of the output.

    It is also the Owner of the responses.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        speaker: Speaker,
        desk: ReplyDesk,
        marks: Marks,
        outlet: Outlet,
        tell: Callable[[on.TurnEvent], None],
        *,
        count: Callable[[], int],
        finished: Callable[[out.ResponseEnded, Running], None],
    ) -> None:
        """`count` gives the number of the next response. `finished` gets each response at
        its end, and again when it is truncated later."""
        self.question = Question()
        """What the next reply answers, for the records."""
        self.request = ResponseRequest()
        """What the next reply is to be like."""
        self._dialogue = dialogue
        self._speaker = speaker
        self._desk = desk
        self._marks = marks
        self._outlet = outlet
        self._count = count
        self._finished = finished
        self._tell = tell
        self._options = ConversationOptions()
        self._instructions = ""
        self._running: dict[Key, Running] = {}
        self._ending = Background()
        self._newest: deque[Running] = deque(maxlen=_CAN_BE_CUT)
        """Also after their ends; the last one is the current one."""
        self._is_paused = False

    def use(self, options: ConversationOptions, instructions: str) -> None:
        """For the replies that begin from now on."""
        self._options, self._instructions = options, instructions

    @property
    def last_item_id(self) -> str:
        """The item of the newest response."""
        return self._newest[-1].reply.item_id if self._newest else ""

    @property
    def last_response_id(self) -> str:
        return self._newest[-1].reply.response_id if self._newest else ""

    # As OutputView

    def played_seconds(self) -> float:
        return self._newest[-1].position_seconds if self._newest else 0.0

    def is_heard_in(self, heard: Samples | None) -> bool:
        """Whether it is an echo of a reply, perhaps of one that has just ended."""
        return any(each.is_heard_in(heard) for each in list(self._newest)[-2:])

    def spoken_words(self, since: float) -> Sequence[str]:
        now = self._outlet.clock()
        words: list[str] = []
        for running in list(self._newest)[-2:]:
            words += running.reply.spoken.words_since(since, now)
        return words

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
        for running in self._newest:
            if running.reply.response_id == response_id:
                clock = running.reply.spoken.clock
                clock.report(seconds, self._outlet.clock())

    def truncate(self, item_id: str, seconds: float) -> bool:
        """Cut a reply's item to what was heard. Returns whether it is a newer one."""
        for running in self._newest:
            if running.reply.item_id == item_id and running.told.message is not None:
                heard = self._keep_heard(running, seconds)
                if running.told.ended is not None and not self._is_running(running):
                    self._amend(running, heard, seconds)
                    self._record(running)
                return True
        return False

    async def close(self) -> None:
        """Record what is still being heard, and stop everything."""
        for running in self._still_heard():
            reason = do.CancelReason.CLIENT_CANCELLED
            self._end_early(running, do.CancelReply(running.reply.key, reason))
        for key in list(self._running):
            self._drop(key)
        await self._ending.join()

    # As Owner

    def ready(self, running: Running) -> None:
        self._desk.end(running)
        self._tell(on.ReplyReady(running.reply.key))

    def keep(self, item: Item, running: Running) -> str | None:
        """Where the response began, whatever was said since."""
        told, find = running.told, self._dialogue.find
        places = [told.previous_item_id or ROOT, *(each.id for each in told.items)]
        known = [each for each in places if each == ROOT or find(each) is not None]
        return self._dialogue.put(item, known[-1] if known else None)

    def failed(self, running: Running, error: VoiceError) -> None:
        key = running.reply.key
        self._desk.end(running)
        if not self._is_running(running):
            return
        self._forget(running)
        if running.reply.is_released:
            running.end("failed", error=error)
            self._record(running)
        self._tell(on.ReplyFailed(key))

    def sent(self, running: Running) -> None:
        called = bool(running.told.calls)
        self._tell(on.ReplySent(running.reply.key, called=called))

    def played(self, running: Running) -> None:
        self._forget(running)
        self._record(running)
        self._tell(on.ReplyPlayed(running.reply.key))

    def _start(self, action: do.StartReply) -> None:
        text = action.text if action.speculative else ""
        order = order_for(
            self.request, self._options, self._dialogue, self._instructions, text
        )
        speculative = action.speculative
        reply = Reply(
            action.key,
            order,
            self._speaker,
            priority=Priority.SPECULATIVE if speculative else Priority.FIRST_CLAUSE,
            clock=self._outlet.clock,
        )
        running = Running(reply, self._marks, self._outlet, self)
        running.take_back = partial(self._take_back, action.key)
        self._running[action.key] = running
        self._desk.begin(running, speculative=speculative)
        running.start()

    def _take_back(self, key: Key) -> None:
        """Committed turns of other conversations need its place."""
        self._drop(key)
        self._tell(on.ReplyFailed(key))

    def _drop(self, key: Key) -> None:
        if (running := self._running.get(key)) is not None:
            self._forget(running)
            running.stop()

    def _is_running(self, running: Running) -> bool:
        return self._running.get(running.reply.key) is running

    def _forget(self, running: Running) -> None:
        self._running.pop(running.reply.key, None)
        self._desk.end(running)
        for task in running.tasks():
            self._ending.keep(task)

    def _release(self, key: Key) -> None:
        running = self._running[key]
        running.question, self.question = self.question, Question()
        running.marks = self._marks.copy()
        if running.reply.ready_at is None:
            self._desk.commit(running)
        before = self._still_heard()
        self._newest.append(running)
        clock = running.reply.spoken.clock
        clock.queued_seconds = sum(each.left_seconds for each in before)
        number, previous = self._count(), self._dialogue.last_id
        running.release(number, previous, self._options.ahead_seconds)
        if self._is_paused:
            running.pause()

    def _still_heard(self) -> list[Running]:
        """The responses of which something is being played, or will be."""
        return [each for each in self._newest if self._is_running(each)]

    def _pause(self) -> None:
        self._is_paused = True
        for running in self._still_heard():
            running.pause()
        self._tell_output(out.OutputPaused)

    def _resume(self) -> None:
        self._is_paused = False
        for running in self._still_heard():
            running.resume()
        self._tell_output(out.OutputResumed)

    def _tell_output(self, event: type[out.OutputPaused | out.OutputResumed]) -> None:
        if self._newest and self._newest[-1].reply.order.speaks:
            self._outlet.put(event(self.last_response_id))

    def _cancel(self, action: do.CancelReply) -> None:
        self._is_paused = False
        if action.reason is do.CancelReason.TURN_DETECTED:
            for running in self._still_heard():
                self._end_early(running, action)
        elif (current := self._running.get(action.key)) is not None:
            self._end_early(current, action)

    def _end_early(self, running: Running, action: do.CancelReply) -> None:
        seconds = running.position_seconds
        running.reply.spoken.end(self._outlet.clock())
        self._forget(running)
        running.stop()
        heard = self._keep_heard(running, seconds)
        status = _STATUS.get(action.reason, "cancelled")
        reason = action.reason.value
        if running.told.ended is None:
            heard_ms = round(seconds * 1000) if running.reply.order.speaks else None
            running.end(status, reason, heard=(heard, heard_ms))
        else:  # everything was sent
            self._amend(running, heard, seconds)
            running.told.ended = replace(
                running.told.ended, status=status, reason=reason
            )
        if not action.reopens:
            self._record(running)

    def _keep_heard(self, running: Running, seconds: float) -> str:
        """Keep of the message what was heard by then. Returns that."""
        reply = running.reply
        if running.told.message is None:
            return ""
        heard = reply.text
        if reply.order.speaks:
            heard = reply.spoken.heard_text(seconds)
        if not heard:
            self._dialogue.remove(reply.item_id)
        elif self._dialogue.find(reply.item_id) is not None:
            self._dialogue.put(running.told.message_with(heard, is_complete=False))
        if reply.order.speaks:
            heard_ms = round(seconds * 1000)
            self._outlet.put(out.ItemTruncated(reply.item_id, heard_ms, heard))
        return heard

    def _amend(self, running: Running, heard: str, seconds: float) -> None:
        """Less was heard than was told at its end."""
        if running.told.ended is not None and running.reply.order.speaks:
            heard_ms = round(seconds * 1000)
            running.told.ended = replace(
                running.told.ended, text=heard, heard_ms=heard_ms
            )

    def _record(self, running: Running) -> None:
        if running.told.ended is not None:
            self._finished(running.told.ended, running)
