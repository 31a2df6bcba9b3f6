"""Adds the user's turns to the dialogue as items, and tells the client of them."""

from __future__ import annotations

from collections.abc import Callable

from chat_app.core import actions as do, outputs as out
from chat_app.core.dialogue import Dialogue, Item
from chat_app.core.ids import new_id
from chat_app.core.user_turn import HeardWord


class TurnItems:
    """Each turn keeps the id of its item from its first word to its commit."""

    def __init__(
        self, dialogue: Dialogue, put: Callable[[out.ConversationEvent], None]
    ) -> None:
        self._dialogue = dialogue
        self._put = put
        self._ids: dict[int, str] = {}
        """Item ids by turn number."""

    def id_of(self, turn: int) -> str:
        return self._ids.setdefault(turn, new_id("item"))

    def start(self, action: do.TellSpeechStarted) -> None:
        start_ms = round(action.start_seconds * 1000)
        self._put(out.SpeechStarted(self.id_of(action.turn), start_ms))

    def stop(self, action: do.TellSpeechStopped) -> None:
        end_ms = round(action.end_seconds * 1000)
        self._put(out.SpeechStopped(self.id_of(action.turn), end_ms))

    def drop(self, action: do.DropTurn) -> None:
        self._put(out.TurnDropped(self.id_of(action.turn), action.why))
        self._ids.pop(action.turn, None)

    def commit(
        self,
        action: do.CommitTurn,
        seconds: float,
        language: str,
        words: tuple[HeardWord, ...],
    ) -> None:
        """`seconds` is the duration of the speech."""
        item_id, text = self.id_of(action.key.turn), action.text
        previous = self._dialogue.put(Item(item_id, "user", text, is_spoken=True))
        self._put(out.TurnCommitted(item_id, previous, text, seconds, language, words))

    def commit_silence(self, action: do.CommitSilence, audio_seconds: float) -> None:
        """Add an item without text; `audio_seconds` is how much audio was received."""
        item_id = self.id_of(action.key.turn)
        previous = self._dialogue.put(Item(item_id, "user", is_spoken=True))
        start_ms = round(max(0.0, audio_seconds - action.seconds) * 1000)
        end_ms = round(audio_seconds * 1000)
        self._put(out.SilenceCommitted(item_id, previous, start_ms, end_ms))

    def reopen(self, action: do.ReopenTurn, reply_item_id: str) -> None:
        """Remove a turn and its reply from the dialogue: the turn goes on."""
        item_id = self.id_of(action.turn)
        self._dialogue.remove(item_id)
        self._dialogue.remove(reply_item_id)
        self._put(out.TurnReopened(item_id, reply_item_id))
