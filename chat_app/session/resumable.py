"""A conversation whose client may lose the connection and come back."""

from __future__ import annotations

from chat_app.core.dialogue import Item
from chat_app.session.session import ConversationSession


class ResumableConversation(ConversationSession):
    """While it is parked nothing is answered, and an open turn stays open."""

    _is_unanswered = False
    """Whether the connection was lost before anything of the reply was heard."""

    @property
    def audio_seconds(self) -> float:
        """How much audio was received, in seconds."""
        return self._live.audio_seconds

    @property
    def messages(self) -> list[Item]:
        """The messages of the conversation that have a text."""
        items = self.dialogue.items
        return [each for each in items if each.kind == "message" and each.text]

    def park(self) -> None:
        """The connection is lost. A reply ends at what was heard."""
        if self._turns.is_parked:
            return
        heard_seconds = self._replies.output.played_seconds()
        self._is_unanswered = self._machine.has_reply and not heard_seconds
        self._turns.park()

    def resume(self) -> None:
        """The client has reconnected, and sends what it has recorded meanwhile."""
        self._drop_unread()
        self._turns.resume()
        if self._is_unanswered and not self._machine.has_reply:
            self.ask_reply()

    def _drop_unread(self) -> None:
        """Drop events that nobody has read: the client gets the current state instead."""
        unread = [self._events.get_nowait() for _ in range(self._events.qsize())]
        if None in unread:
            self._events.put_nowait(None)
