"""A reply with its tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chat_app.conversation.reply import Reply
from chat_app.conversation.sender import ReplySender
from chat_app.core import outputs as out


class Running:
    """A reply that is made, and sent once it is released."""

    def __init__(self, reply: Reply, question: str) -> None:
        self.reply = reply
        self.question = question
        self.number = 0
        """Counts the conversation's responses from 1; 0 before it is released."""
        self.ended: out.ResponseEnded | None = None
        """How it ended, once that was told."""
        self.making: asyncio.Task[None] | None = None
        self.sending: asyncio.Task[None] | None = None
        self.sender: ReplySender | None = None
        self.take_back: Callable[[], None] = self.stop

    def give_up(self) -> None:
        """Committed turns of other conversations need its place."""
        self.take_back()

    def stop(self) -> None:
        """Stop all work at once."""
        for task in (self.making, self.sending):
            if task is not None and task is not asyncio.current_task():
                task.cancel()
