"""The conversations of a process that a client can resume, by their tokens."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from chat_app.conversation.caller import Caller
from chat_app.protocol.configuration import Configuration
from chat_app.session.resumable import ResumableConversation
from gateway_app.retention.people import Person

log = structlog.get_logger(__name__)


def _nobody() -> None:
    """In place of `give_up` while no connection has the conversation."""


@dataclass(eq=False)
class HeldConversation:
    """A conversation, and how to take it from its connection."""

    conversation: ResumableConversation
    configuration: Configuration
    caller: Caller
    give_up: Callable[[], None] = _nobody
    """Called when another connection claims it."""
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    timer: asyncio.TimerHandle | None = None


class Parking:
    """Keeps the conversations of lost connections for a while, in memory: a client that
    reconnects to another process, or after a restart, begins a new one."""

    def __init__(self, keep_seconds: float, most: int) -> None:
        """At most `most` conversations are parked; one more ends the one that has been
        parked for longest."""
        self._keep_seconds = keep_seconds
        self._most = most
        self._held: dict[str, HeldConversation] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def hold(self, held: HeldConversation) -> None:
        """Register a conversation that a connection has begun."""
        self._held[held.token] = held

    def claim(self, token: str, principal_id: str) -> HeldConversation | None:
        """Take a conversation from the connection that has it, if any. None if this
        principal has no such conversation (any more)."""
        held = self._held.get(token)
        if held is None or held.caller.principal.id != principal_id:
            return None
        if held.timer is not None:
            held.timer.cancel()
            held.timer = None
        else:
            held.give_up()
            held.conversation.park()
        log.info("conversation resumed")
        return held

    def park(self, held: HeldConversation) -> None:
        """Park a conversation whose connection was lost."""
        held.conversation.park()
        held.give_up = _nobody
        loop = asyncio.get_running_loop()
        held.timer = loop.call_later(self._keep_seconds, self._end_soon, held)
        self._held[held.token] = self._held.pop(held.token)  # now the last
        waiting = [each for each in self._held.values() if each.timer is not None]
        for oldest in waiting[: max(0, len(waiting) - self._most)]:
            self._end_soon(oldest)

    async def end(self, held: HeldConversation) -> None:
        """End a conversation for good."""
        if self._drop(held):
            await held.conversation.close()

    def forget(self, person: Person) -> None:
        """End the parked conversations of this person."""
        for held in list(self._held.values()):
            caller = held.caller
            if held.timer and person.owns(caller.principal.id, caller.client):
                self._end_soon(held)

    async def stop(self) -> None:
        """End all parked conversations."""
        for held in list(self._held.values()):
            if held.timer is not None:
                await self.end(held)
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _drop(self, held: HeldConversation) -> bool:
        """Make it impossible to claim. Returns whether it was possible."""
        if held.timer is not None:
            held.timer.cancel()
        return self._held.pop(held.token, None) is not None

    def _end_soon(self, held: HeldConversation) -> None:
        if self._drop(held):
            task = asyncio.create_task(held.conversation.close())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
