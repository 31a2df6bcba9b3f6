"""Prepares, releases, pauses and cancels the replies of one conversation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from chat_app.conversation.background import Background
from chat_app.conversation.options import ConversationOptions
from chat_app.conversation.stage_times import StageTimes
from chat_app.core import actions as do, events as on
from chat_app.core.dialogue import NOTHING_SAID, ROOT, Dialogue, Item
from chat_app.core.events import Key
from chat_app.replies.endings import ReplyEndings
from chat_app.replies.output import ReplyOutput
from chat_app.replies.reply import Reply, ReplyServices
from chat_app.replies.request import ResponseRequest, reply_spec
from chat_app.replies.response_log import ResponseLog
from chat_app.replies.running import Question, RunningResponse
from chat_app.replies.sink import EventSink
from common.errors import VoiceError
from common.workers import Priority


class Replies:
    """Carries out the actions of the state machine on replies; their ResponseOwner."""

    def __init__(
        self,
        dialogue: Dialogue,
        services: ReplyServices,
        sink: EventSink,
        log: ResponseLog,
        tell: Callable[[on.TurnEvent], None],
    ) -> None:
        """`tell` passes an event to the state machine."""
        self.question = Question()
        """What the next reply answers, for the records."""
        self.request = ResponseRequest()
        """The options of the next reply."""
        self.output = ReplyOutput(sink, self._is_running)
        """The replies that were released."""
        self.stage_times = StageTimes(sink.clock)
        """Those of the newest turn."""
        self._dialogue = dialogue
        self._services = services
        self._scheduler = services.scheduler
        self._sink = sink
        self._log = log
        self._tell = tell
        self._endings = ReplyEndings(dialogue, sink, log)
        self._options = ConversationOptions()
        self._running: dict[Key, RunningResponse] = {}
        self._ending = Background()

    def use(self, options: ConversationOptions) -> None:
        """Set the options of the replies that begin from now on."""
        self._options = options

    def may_speculate(self) -> bool:
        """Whether a speculative reply may begin now."""
        return self._scheduler.may_speculate()

    def hear(self, caption: str) -> None:
        """Prepare for the reply to a question of which this much is known."""
        self._services.ahead.hear(caption)

    def perform(self, action: do.TurnAction) -> None:
        """Carry out an action of the state machine."""
        match action:
            case do.WarmPrefix():
                self._read_what_was_said()
            case do.StartReply():
                self._start(action)
            case do.DropReply():
                self._drop(action.key)
            case do.ReleaseReply():
                self._release(action.key)
            case do.PauseOutput():
                self.output.pause()
            case do.ResumeOutput():
                self.output.resume()
            case do.CancelReply():
                self._cancel(action)

    def truncate(self, item_id: str, seconds: float) -> bool:
        """Truncate a reply's item to what was heard. Returns whether it was recent enough."""
        running = self.output.with_message(item_id)
        if running is not None:
            is_over = not self._is_running(running)
            self._endings.truncate(running, seconds, is_over=is_over)
        return running is not None

    def forget(self, item_id: str) -> None:
        """The client has removed an item: if it is a message that is still being made,
        its end does not bring it back."""
        if (running := self.output.with_message(item_id)) is not None:
            running.is_removed = True

    def keep_result(self, call_id: str, result: str) -> None:
        """Record the result of a function that a recent reply has called."""
        if (running := self.output.that_called(call_id)) is not None:
            running.results[call_id] = result
            if not self._is_running(running):
                self._log.record(running)

    async def close(self) -> None:
        """Record what is still being heard, and stop everything."""
        for running in self.output.still_heard():
            reason = do.CancelReason.CLIENT_CANCELLED
            self._end_early(running, do.CancelReply(running.reply.key, reason))
        for key in list(self._running):
            self._drop(key)
        await self._ending.join()

    # As ResponseOwner

    def ready(self, running: RunningResponse) -> None:
        self._scheduler.end(running)
        self._tell(on.ReplyReady(running.reply.key))

    def keep(self, item: Item, running: RunningResponse) -> str | None:
        """Put the item where the response began, whatever was said since."""
        progress, find = running.progress, self._dialogue.find
        if running.is_removed and item.kind == "message":
            return progress.previous_item_id
        places = [progress.previous_item_id or ROOT]
        if item.kind != "message":  # a message comes first
            places += [each.id for each in progress.items]
        known = [each for each in places if each == ROOT or find(each) is not None]
        return self._dialogue.put(item, known[-1] if known else None)

    def failed(self, running: RunningResponse, error: VoiceError) -> None:
        key = running.reply.key
        self._scheduler.end(running)
        if not self._is_running(running):
            return
        self._forget(running)
        if running.reply.is_released:
            running.end("failed", error=error)
            self._log.record(running)
        self._tell(on.ReplyFailed(key))

    def sent(self, running: RunningResponse) -> None:
        if (seconds := running.truncated_seconds) is not None:
            # What came after it was not heard.
            self._endings.truncate(running, seconds, is_over=True)
        called = bool(running.progress.calls)
        self._tell(on.ReplySent(running.reply.key, called=called))

    def played(self, running: RunningResponse) -> None:
        self._forget(running)
        self._log.record(running)
        self._tell(on.ReplyPlayed(running.reply.key))

    def _read_what_was_said(self) -> None:
        messages = partial(self._dialogue.messages, self._options.instructions)
        self._services.ahead.begin(messages, self._options.llm)

    def _start(self, action: do.StartReply) -> None:
        text = action.text if action.speculative else ""
        if action.answers_silence:
            text = NOTHING_SAID
        spec = reply_spec(self.request, self._options, self._dialogue, text)
        speculative = action.speculative
        reply = Reply(
            action.key,
            spec,
            self._services,
            priority=Priority.SPECULATIVE if speculative else Priority.FIRST_CLAUSE,
            clock=self._sink.clock,
        )
        running = RunningResponse(reply, self.stage_times, self._sink, self)
        running.take_back = partial(self._take_back, action.key)
        self._running[action.key] = running
        self._scheduler.begin(running, speculative=speculative)
        running.start()

    def _take_back(self, key: Key) -> None:
        """Committed turns of other conversations need its capacity."""
        self._drop(key)
        self._tell(on.ReplyFailed(key))

    def _drop(self, key: Key) -> None:
        if (running := self._running.get(key)) is not None:
            self._forget(running)
            running.stop()

    def _is_running(self, running: RunningResponse) -> bool:
        return self._running.get(running.reply.key) is running

    def _forget(self, running: RunningResponse) -> None:
        self._running.pop(running.reply.key, None)
        self._scheduler.end(running)
        for task in running.tasks():
            self._ending.keep(task)

    def _release(self, key: Key) -> None:
        running = self._running[key]
        running.question, self.question = self.question, Question()
        running.stage_times = self.stage_times.copy()
        if running.reply.ready_at is None:
            self._scheduler.commit(running)
        self.output.add(running)
        number, previous = self._log.next_number(), self._dialogue.last_id
        running.release(number, previous, self._options.ahead_seconds)
        if self.output.is_paused:
            running.pause()

    def _cancel(self, action: do.CancelReply) -> None:
        self.output.is_paused = False
        if action.reason is do.CancelReason.TURN_DETECTED:
            for running in self.output.still_heard():
                self._end_early(running, action)
        elif (current := self._running.get(action.key)) is not None:
            self._end_early(current, action)

    def _end_early(self, running: RunningResponse, action: do.CancelReply) -> None:
        seconds = running.position_seconds
        running.reply.spoken.end(self._sink.clock())
        self._forget(running)
        running.stop()
        self._endings.end_early(running, action, seconds)
