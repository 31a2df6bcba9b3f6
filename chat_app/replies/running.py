"""A response: a reply with its tasks and its events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from chat_app.conversation.stage_times import StageTimes
from chat_app.core import outputs as out
from chat_app.core.dialogue import Item
from chat_app.replies.progress import ResponseProgress
from chat_app.replies.reply import Reply
from chat_app.replies.sender import ReplySender
from chat_app.replies.sink import EventSink
from common.audio import Samples
from common.errors import INTERNAL, VoiceError

log = structlog.get_logger(__name__)

_REASONS = {
    "length": "max_output_tokens",
    "time_limit": "max_output_tokens",
    "content_filter": "content_filter",
}
"""Why an answer was cut, in OpenAI's names."""


@dataclass(frozen=True)
class Question:
    """The question that a reply answers, for the records."""

    text: str = ""
    language: str = ""


class ResponseOwner(Protocol):
    """The object that has asked for a response, and is called as it proceeds."""

    def ready(self, running: RunningResponse) -> None:
        """The response can be sent."""

    def keep(self, item: Item, running: RunningResponse) -> str | None:
        """An item of the response begins or is complete. Returns the id of the item before."""

    def failed(self, running: RunningResponse, error: VoiceError) -> None:
        """The response failed before anything was sent."""

    def sent(self, running: RunningResponse) -> None:
        """All of the response was sent, including its end."""

    def played(self, running: RunningResponse) -> None:
        """All of the response should have been heard. Not called for out-of-band ones."""


class RunningResponse:
    """A response that is made, and sent once it is released."""

    def __init__(
        self,
        reply: Reply,
        stage_times: StageTimes,
        sink: EventSink,
        owner: ResponseOwner,
    ) -> None:
        self.reply = reply
        self.stage_times = stage_times
        """Those of the turn that it answers."""
        self.question = Question()
        self.results: dict[str, str] = {}
        """The results of the functions that it has called, by call id."""
        self.is_removed = False
        """Whether the client has removed its message."""
        self.is_unheard = False
        """Whether its message was taken out of the conversation because none was heard."""
        self.truncated_seconds: float | None = None
        """Where the client has truncated its message, in seconds."""
        self.progress = ResponseProgress(reply, sink.put, self.keep)
        self.sender: ReplySender | None = None
        """None until it is released."""
        self.take_back: Callable[[], None] = self.stop
        self._sink = sink
        self._owner = owner
        self._making: asyncio.Task[None] | None = None
        self._sending: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start making the response."""
        self._making = asyncio.create_task(self._make())

    def release(
        self, number: int, previous_item_id: str | None, ahead_seconds: float
    ) -> None:
        """Allow it to be sent, and tell the client that it begins."""
        self.reply.release()
        self.progress.start(number, previous_item_id)
        self.sender = ReplySender(self.reply, number, self._sink, ahead_seconds)
        if self.reply.ready_at is not None:
            self._send()

    def give_up(self) -> None:
        """Committed turns of other conversations need its capacity."""
        self.take_back()

    def stop(self) -> None:
        """Stop all work at once."""
        for task in self.tasks():
            if task is not asyncio.current_task():
                task.cancel()

    def tasks(self) -> list[asyncio.Task[None]]:
        """The tasks that are not done."""
        begun = [each for each in (self._making, self._sending) if each is not None]
        return [task for task in begun if not task.done()]

    @property
    def position_seconds(self) -> float:
        """How much of it was heard, in seconds."""
        return self.sender.position_seconds if self.sender is not None else 0.0

    def pause(self) -> None:
        """Send nothing until `resume`."""
        if self.sender is not None:
            self.sender.pause()

    def resume(self) -> None:
        if self.sender is not None:
            self.sender.resume()

    def is_heard_in(self, heard: Samples | None) -> bool:
        """Whether the microphone's newest audio, at 16 kHz, is an echo of it."""
        if self.sender is None or heard is None:
            return False
        return self.sender.played.is_heard_in(heard, self.position_seconds)

    @property
    def left_seconds(self) -> float:
        """How much of the sent audio is not heard yet."""
        return self.reply.spoken.clock.sent_seconds - self.position_seconds

    def keep(self, item: Item) -> str | None:
        """Put an item of it into the conversation. Returns the id of the item before."""
        return self._owner.keep(item, self)

    def end(
        self,
        status: out.Status,
        reason: str = "",
        *,
        heard: tuple[str, int | None] | None = None,
        error: VoiceError | None = None,
    ) -> None:
        """Tell the client that it ends; `heard` is the text that was heard of a cut response,
        and its milliseconds."""
        stage_times = self.stage_times
        stage_times.mark_at("llm_first_token", self.reply.writing.first_token_at)
        stage_times.mark_at("first_audio", self.reply.ready_at)
        if self.sender is not None:
            stage_times.mark_at("first_sent", self.sender.first_sent_at)
        stages_ms = stage_times.stages_ms()
        self.progress.end(status, reason, heard=heard, error=error, stages_ms=stages_ms)

    async def _make(self) -> None:
        try:
            await self.reply.run(self._ready)
        except Exception as error:  # noqa: BLE001 - told to the client, or tried again
            self._owner.failed(self, _as_voice_error(error))

    def _ready(self) -> None:
        self._owner.ready(self)
        if self.reply.is_released:
            self._send()

    def _send(self) -> None:
        if self._sending is not None:
            return
        if self.reply.has_message:
            self.progress.start_message()
        self._sending = asyncio.create_task(self._play())

    async def _play(self) -> None:
        if self.sender is None:
            return
        await self.sender.run()
        self._sent()
        if self.reply.spec.out_of_band:
            return
        await self.sender.wait_until_heard()
        self.reply.spoken.end(self._sink.clock())
        self._owner.played(self)

    def _sent(self) -> None:
        progress, reply = self.progress, self.reply
        finished, failure = reply.writing.finished, reply.error
        is_whole = finished is not None and finished.reason in ("stop", "tool_calls")
        is_complete = is_whole and failure is None
        progress.end_message(reply.text, is_complete=is_complete)
        if progress.message is not None:
            self.keep(progress.message)
        if is_complete:
            progress.call_functions()
        reason = _REASONS.get(finished.reason, "") if finished else ""
        self.end(
            "completed" if is_complete else "incomplete",
            reason,
            error=_as_voice_error(failure) if failure else None,
        )
        self._owner.sent(self)


def _as_voice_error(error: Exception) -> VoiceError:
    if isinstance(error, VoiceError):
        return error
    log.error("reply failed", exc_info=error)
    return VoiceError(INTERNAL)
