"""A conversation whose client may lose the connection and come back."""

from __future__ import annotations

from typing import Any

from chat_app.core import actions as do, events as on
from chat_app.core.dialogue import Item
from chat_app.core.states import OPEN
from chat_app.session.session import ConversationSession
from stt_app.core.events import SessionEvent


class ResumableConversation(ConversationSession):
    """While it is parked nothing is answered, and what was said so far stays open."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._parked = False
        self._missed: list[SessionEvent] = []
        """What the live session has told meanwhile: little, for it gets no audio."""
        self._is_unanswered = False
        super().__init__(*arguments, **named)

    @property
    def audio_seconds(self) -> float:
        """How much audio was received."""
        return self._live.audio_seconds

    @property
    def messages(self) -> list[Item]:
        """What was said, as the conversation has it."""
        items = self.dialogue.items
        return [each for each in items if each.kind == "message" and each.text]

    def park(self) -> None:
        """The client is gone for now. A reply ends where it was heard."""
        if self._parked:
            return
        heard_seconds = self._replies.played_seconds()
        self._is_unanswered = self._machine.has_reply and not heard_seconds
        self._tell(on.ReplyCancelled())
        self._parked = True
        self._alarm.close()

    def resume(self) -> None:
        """The client is back, and sends what it has recorded meanwhile."""
        self._parked = False
        self._drop_unread()
        self._tell(on.VoiceHeard(self._live.voiced_seconds))
        turn = self._machine.turn
        if turn is not None and turn.claimed and self._machine.input in OPEN:
            self._turns.start(do.TellSpeechStarted(turn.number, turn.start_seconds))
        missed, self._missed = self._missed, []
        for event in missed:
            self._take(event)
        if self._is_unanswered and not self._machine.has_reply:
            self.ask_reply()

    def _drop_unread(self) -> None:
        """The client is told how things stand now instead."""
        unread = [self._events.get_nowait() for _ in range(self._events.qsize())]
        if None in unread:
            self._events.put_nowait(None)

    def _take(self, event: SessionEvent) -> None:
        if self._parked:
            self._missed.append(event)
        else:
            super()._take(event)

    def _tell(self, event: on.TurnEvent) -> None:
        super()._tell(event)
        if self._parked:
            self._alarm.close()
