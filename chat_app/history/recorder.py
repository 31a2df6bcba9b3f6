"""Passes the turns of conversations to the history, which writes them in batches."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from chat_app.conversation.records import TurnRecord
from chat_app.history.rows import TurnRow
from gateway_app.history.records import HistoryWriter


@dataclass(frozen=True)
class RecordedConversations:
    """A ConversationRecorder."""

    history: HistoryWriter

    def record(self, turn: TurnRecord) -> None:
        """Queue it. Returns at once and never raises."""
        self.history.keep(TurnRow(turn, timezone.now()))
