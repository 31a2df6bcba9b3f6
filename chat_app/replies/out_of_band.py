"""Responses beside a conversation: several at once, none of them part of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from chat_app.conversation.background import Background
from chat_app.conversation.desk import ReplyDesk
from chat_app.conversation.marks import Marks
from chat_app.core import outputs as out
from chat_app.core.dialogue import Item
from chat_app.core.events import Key
from chat_app.replies.reply import Reply, Speaker
from chat_app.replies.request import Order
from chat_app.replies.running import Outlet, Question, Running
from common.errors import BadRequest, VoiceError
from common.workers import Priority

_OF_NO_TURN = Key(0, 0)


@dataclass(frozen=True)
class OutOfBandLimits:
    """What one conversation may have of them."""

    at_once: int = 4
    reply_seconds: float = 30.0
    """Longest wait for the first audio or text."""


class OutOfBand:
    """Makes and sends them; the Owner of these responses."""

    def __init__(
        self,
        speaker: Speaker,
        desk: ReplyDesk,
        outlet: Outlet,
        count: Callable[[], int],
        finished: Callable[[out.ResponseEnded, Running], None],
        limits: OutOfBandLimits,
    ) -> None:
        """`finished` gets each response at its end."""
        self._speaker = speaker
        self._desk = desk
        self._outlet = outlet
        self._count = count
        self._finished = finished
        self._limits = limits
        self._running: dict[str, Running] = {}
        self._waits: dict[str, asyncio.Task[None]] = {}
        """For a place, and then for the first audio."""
        self._ending = Background()

    def start(self, order: Order, question: Question) -> None:
        """Tell that it begins; it is made when there is room. Raises BadRequest."""
        if len(self._running) >= self._limits.at_once:
            raise BadRequest(
                f"A conversation has at most {self._limits.at_once} responses out of "
                "band at once (`chat_out_of_band_responses`)."
            )
        clock = self._outlet.clock
        reply = Reply(
            _OF_NO_TURN,
            order,
            self._speaker,
            priority=Priority.LATER_CLAUSE,
            clock=clock,
        )
        running = Running(reply, Marks(clock), self._outlet, self)
        running.question = question
        self._running[reply.response_id] = running
        running.release(self._count(), None, math.inf)
        self._waits[reply.response_id] = asyncio.create_task(self._make(running))

    def cancel(self, response_id: str) -> bool:
        """Returns whether there was such a response."""
        running = self._running.get(response_id)
        if running is not None:
            self._stop(running, "cancelled", "client_cancelled")
        return running is not None

    async def close(self) -> None:
        for running in list(self._running.values()):
            self._stop(running, "cancelled", "client_cancelled")
        await self._ending.join()

    # As Owner

    def ready(self, running: Running) -> None:
        self._desk.end(running)
        self._forget_wait(running)

    def keep(self, item: Item, running: Running) -> str | None:
        return None

    def failed(self, running: Running, error: VoiceError) -> None:
        self._stop(running, "failed", error=error)

    def sent(self, running: Running) -> None:
        self._forget(running)
        self._record(running)

    def played(self, running: Running) -> None:
        """Nobody waits for that."""

    async def _make(self, running: Running) -> None:
        try:
            async with asyncio.timeout(self._limits.reply_seconds):
                await self._desk.begin_beside(running)
                running.start()
                await asyncio.Event().wait()  # cancelled once it is ready
        except TimeoutError:
            self._stop(running, "incomplete", "timed_out")

    def _stop(
        self,
        running: Running,
        status: out.Status,
        reason: str = "",
        error: VoiceError | None = None,
    ) -> None:
        if running.reply.response_id in self._running:
            self._forget(running)
            running.end(status, reason, error=error)
            self._record(running)

    def _record(self, running: Running) -> None:
        if running.told.ended is not None:
            self._finished(running.told.ended, running)

    def _forget(self, running: Running) -> None:
        self._running.pop(running.reply.response_id, None)
        self._desk.end(running)
        self._forget_wait(running)
        for task in running.tasks():
            self._ending.keep(task)
        running.stop()

    def _forget_wait(self, running: Running) -> None:
        task = self._waits.pop(running.reply.response_id, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            self._ending.keep(task)
