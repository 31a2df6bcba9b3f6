"""A reply with its tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from chat_app.conversation.marks import Marks
from chat_app.conversation.reply import Reply
from chat_app.conversation.sender import ReplySender
from chat_app.core import outputs as out
from common.errors import VoiceError


@dataclass(frozen=True)
class Question:
    """What a reply answers, for the records."""

    text: str = ""
    language: str = ""


class Running:
    """A reply that is made, and sent once it is released."""

    def __init__(self, reply: Reply, marks: Marks) -> None:
        self.reply = reply
        self.marks = marks
        """Of the turn that it answers."""
        self.question = Question()
        self.number = 0
        """Counts the conversation's responses from 1; 0 before it is released."""
        self.previous_item_id: str | None = None
        """The item before the reply's."""
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

    def end(
        self,
        status: out.Status,
        reason: str = "",
        *,
        heard: tuple[str, int] | None = None,
        error: VoiceError | None = None,
    ) -> out.ResponseEnded:
        """Set and return `ended`; `heard` is the text and the milliseconds of a part."""
        reply, marks = self.reply, self.marks
        marks.mark_at("llm_first_token", reply.first_token_at)
        marks.mark_at("first_audio", reply.ready_at)
        if self.sender is not None:
            marks.mark_at("first_sent", self.sender.first_sent_at)
        usage = reply.finished.usage if reply.finished else None
        text, heard_ms = heard or (reply.text.strip(), None)
        self.ended = out.ResponseEnded(
            reply.response_id,
            reply.item_id,
            self.previous_item_id,
            status,
            reason,
            text,
            heard_ms,
            error,
            marks.stages_ms(),
            (usage.prompt_tokens, usage.completion_tokens) if usage else None,
        )
        return self.ended
