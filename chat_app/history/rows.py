"""Writes the turns of conversations to the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from django.db import models
from django.utils.text import Truncator

from chat_app.conversation.records import CallRecord, TurnRecord
from chat_app.models import Conversation, Turn
from common.text_cleaning import clean_text
from gateway_app.history.rows import finite, fitting

TITLE_CHARACTERS = 80
VOICE_TO_VOICE = "first_sent"
"""The stage from the end of the question to the first audio of the reply."""
TURN_FIELDS = (
    *("created_at", "question", "answer", "status", "reason"),
    *("calls", "out_of_band", "stages_ms", "voice_to_voice_ms"),
)


@dataclass(frozen=True)
class TurnRow:
    """A turn that waits for the history to write it."""

    turn: TurnRecord
    created_at: datetime
    """The end of the reply."""

    @property
    def principal(self) -> str:
        return self.turn.principal

    @property
    def client(self) -> str:
        return self.turn.client

    @property
    def request_id(self) -> str:
        return self.turn.conversation_id

    @classmethod
    def write(cls, rows: Sequence[TurnRow], database: str) -> None:
        """Insert the turns with their conversations; a turn that was written before,
        such as one that is truncated now, is updated. Raises Django's database errors.
        """
        conversations = _write_conversations(rows, database)
        _write_turns(rows, conversations, database)
        _add_up(conversations.values(), database)


def _write_conversations(
    rows: Sequence[TurnRow], database: str
) -> dict[str, Conversation]:
    """The stored conversations of these turns, by their ids."""
    table = Conversation.objects.using(database)
    newest = {row.turn.conversation_id: _conversation(row) for row in rows}
    table.bulk_create(
        newest.values(),
        update_conflicts=True,
        unique_fields=["conversation_id"],
        update_fields=["ended_at", "voice", "language", "model"],
    )
    return {
        each.conversation_id: each
        for each in table.filter(conversation_id__in=list(newest)).order_by("pk")
    }


def _conversation(row: TurnRow) -> Conversation:
    turn = row.turn
    values = _fitting(
        Conversation,
        conversation_id=turn.conversation_id,
        principal=turn.principal,
        client=turn.client,
        voice=turn.voice,
        language=turn.language,
        model=turn.model,
    )
    started = min(turn.started_at or row.created_at, row.created_at)
    return Conversation(created_at=started, ended_at=row.created_at, **values)


def _write_turns(
    rows: Sequence[TurnRow], conversations: dict[str, Conversation], database: str
) -> None:
    # One statement cannot update a row twice.
    newest = {(row.turn.conversation_id, row.turn.number): row for row in rows}
    Turn.objects.using(database).bulk_create(
        [
            _turn(row, conversations[row.turn.conversation_id])
            for row in newest.values()
        ],
        update_conflicts=True,
        unique_fields=["conversation", "number"],
        update_fields=TURN_FIELDS,
    )


def _turn(row: TurnRow, conversation: Conversation) -> Turn:
    turn = row.turn
    stages = finite(turn.stages_ms)
    values = _fitting(
        Turn,
        question=turn.question,
        answer=turn.answer,
        status=turn.status,
        reason=turn.reason,
    )
    return Turn(
        conversation=conversation,
        number=turn.number,
        created_at=row.created_at,
        calls=[_call(each) for each in turn.calls],
        out_of_band=turn.out_of_band,
        stages_ms=stages,
        # One out of band answers no speech.
        voice_to_voice_ms=None if turn.out_of_band else stages.get(VOICE_TO_VOICE),
        **values,
    )


def _call(call: CallRecord) -> dict[str, str]:
    given = {"name": call.name, "arguments": call.arguments, "result": call.result}
    return {name: clean_text(each) for name, each in given.items() if each is not None}


def _add_up(conversations: Iterable[Conversation], database: str) -> None:
    """Update what follows from all turns of these conversations."""
    by_key = {each.pk: each for each in conversations}
    times: dict[int, list[float | None]] = {key: [] for key in by_key}
    turns = Turn.objects.using(database).filter(conversation__in=list(by_key))
    columns = ("conversation_id", "voice_to_voice_ms", "question")
    for key, milliseconds, question in turns.order_by("number").values_list(*columns):
        times[key].append(milliseconds)
        by_key[key].title = by_key[key].title or title_of(question)
    for key, conversation in by_key.items():
        known = [each for each in times[key] if each is not None]
        conversation.turn_count = len(times[key])
        conversation.voice_to_voice_ms = median(known) if known else None
    Conversation.objects.using(database).bulk_update(
        by_key.values(), ["title", "turn_count", "voice_to_voice_ms"]
    )


def title_of(question: str) -> str:
    """The first words of a question, in one line."""
    return Truncator(" ".join(question.split())).chars(TITLE_CHARACTERS)


def _fitting(table: type[models.Model], **values: Any) -> dict[str, Any]:
    return {name: fitting(table, name, value) for name, value in values.items()}
