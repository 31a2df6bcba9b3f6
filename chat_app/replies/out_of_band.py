"""Out-of-band responses: several at once, none of them part of the conversation."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from chat_app.conversation.background import Background
from chat_app.conversation.stage_times import StageTimes
from chat_app.core import outputs as out
from chat_app.core.dialogue import Item
from chat_app.core.events import Key
from chat_app.replies.reply import Reply, ReplyServices
from chat_app.replies.request import ReplySpec
from chat_app.replies.response_log import ResponseLog
from chat_app.replies.running import Question, RunningResponse
from chat_app.replies.sink import EventSink
from common.errors import BadRequest, VoiceError
from common.workers import Priority

_OF_NO_TURN = Key(0, 0)


@dataclass(frozen=True)
class OutOfBandLimits:
    """The limits of the out-of-band responses of one conversation."""

    at_once: int = 4
    reply_seconds: float = 30.0
    """Longest wait for the first audio or text."""


class OutOfBand:
    """Makes and sends out-of-band responses; their ResponseOwner."""

    def __init__(
        self,
        services: ReplyServices,
        sink: EventSink,
        log: ResponseLog,
        limits: OutOfBandLimits,
    ) -> None:
        self._services = services
        self._scheduler = services.scheduler
        self._sink = sink
        self._log = log
        self._limits = limits
        self._running: dict[str, RunningResponse] = {}
        self._waits: dict[str, asyncio.Task[None]] = {}
        """Tasks that wait for capacity, and then for the first audio."""
        self._ending = Background()

    def start(self, spec: ReplySpec, question: Question) -> None:
        """Begin a response; it is made when there is capacity. Raises BadRequest if there
        are too many."""
        if len(self._running) >= self._limits.at_once:
            raise BadRequest(
                f"A conversation has at most {self._limits.at_once} responses out of "
                "band at once (`chat_out_of_band_responses`)."
            )
        clock = self._sink.clock
        reply = Reply(
            _OF_NO_TURN,
            spec,
            self._services,
            priority=Priority.LATER_CLAUSE,
            clock=clock,
        )
        running = RunningResponse(reply, StageTimes(clock), self._sink, self)
        running.question = question
        self._running[reply.response_id] = running
        running.release(self._log.next_number(), None, math.inf)
        self._waits[reply.response_id] = asyncio.create_task(self._make(running))

    def cancel(self, response_id: str) -> bool:
        """Cancel a response. Returns whether there was one."""
        running = self._running.get(response_id)
        if running is not None:
            self._stop(running, "cancelled", "client_cancelled")
        return running is not None

    async def close(self) -> None:
        for running in list(self._running.values()):
            self._stop(running, "cancelled", "client_cancelled")
        await self._ending.join()

    # As ResponseOwner

    def ready(self, running: RunningResponse) -> None:
        self._scheduler.end(running)
        self._forget_wait(running)

    def keep(self, item: Item, running: RunningResponse) -> str | None:
        return None

    def failed(self, running: RunningResponse, error: VoiceError) -> None:
        self._stop(running, "failed", error=error)

    def sent(self, running: RunningResponse) -> None:
        self._forget(running)
        self._log.record(running)

    def played(self, running: RunningResponse) -> None:
        """Nothing depends on it."""

    async def _make(self, running: RunningResponse) -> None:
        try:
            async with asyncio.timeout(self._limits.reply_seconds):
                await self._scheduler.begin_out_of_band(running)
                running.start()
                await asyncio.Event().wait()  # cancelled once it is ready
        except TimeoutError:
            self._stop(running, "incomplete", "timed_out")

    def _stop(
        self,
        running: RunningResponse,
        status: out.Status,
        reason: str = "",
        error: VoiceError | None = None,
    ) -> None:
        if running.reply.response_id in self._running:
            self._forget(running)
            running.end(status, reason, error=error)
            self._log.record(running)

    def _forget(self, running: RunningResponse) -> None:
        self._running.pop(running.reply.response_id, None)
        self._scheduler.end(running)
        self._forget_wait(running)
        for task in running.tasks():
            self._ending.keep(task)
        running.stop()

    def _forget_wait(self, running: RunningResponse) -> None:
        task = self._waits.pop(running.reply.response_id, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            self._ending.keep(task)
