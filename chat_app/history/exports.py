"""Spoken conversations as files: one line each, with their turns."""

from __future__ import annotations

from typing import Any

from import_export.fields import Field

from chat_app.models import Conversation, Turn
from gateway_app.history.exports import CallerResource


class ConversationResource(CallerResource):
    """A conversation as one line of a file; CSV has its turns as JSON."""

    created_at = Field("created_at", "started")
    ended_at = Field("ended_at", "ended")
    turns = Field(column_name="turns")

    def dehydrate_created_at(self, row: Conversation) -> str:
        """With its UTC offset, so that the time zone is explicit."""
        return row.created_at.isoformat(timespec="milliseconds")

    def dehydrate_ended_at(self, row: Conversation) -> str:
        return row.ended_at.isoformat(timespec="milliseconds")

    def dehydrate_turns(self, row: Conversation) -> list[dict[str, Any]]:
        return [_plain(turn) for turn in row.turns.all()]

    class Meta:
        model = Conversation
        fields = (
            *("created_at", "ended_at", "title", "language", "voice", "model"),
            *("voice_to_voice_ms", "principal", "caller_name"),
            *("client", "conversation_id", "turns"),
        )
        export_order = fields


def _plain(turn: Turn) -> dict[str, Any]:
    return {
        "number": turn.number,
        "time": turn.created_at.isoformat(timespec="milliseconds"),
        "question": turn.question,
        "answer": turn.answer,
        "calls": turn.calls,
        "out_of_band": turn.out_of_band,
        "status": turn.status,
        "reason": turn.reason,
        "stages_ms": turn.stages_ms,
    }
