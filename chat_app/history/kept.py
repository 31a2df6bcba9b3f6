"""The spoken conversations, for retention, `forget` and `export`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from chat_app.models import Conversation, Turn
from common.config.retention import RetentionSettings
from gateway_app.retention.kept import Kept
from gateway_app.retention.people import Person
from gateway_app.retention.tables import CHUNK, KeptRows, exported


@dataclass(frozen=True)
class KeptConversations(KeptRows):
    """The conversations with their turns."""

    def export(self, person: Person) -> Iterator[dict[str, Any]]:
        for conversation in self._of(person).order_by("pk").iterator(CHUNK):
            own = self._rows.filter(pk=conversation.pk)
            turns = Turn.objects.using(self.database).filter(conversation=conversation)
            (plain,) = exported(own)
            yield {**plain, "turns": list(exported(turns, hidden=("conversation",)))}


def kept_by_conversation(
    config: RetentionSettings, database: str = DEFAULT_DB_ALIAS
) -> list[Kept]:
    """The kinds of data that this package stores."""
    return [
        KeptConversations(
            "spoken conversations",
            "spoken conversation",
            Conversation,
            "conversation_retention_days",
            config.conversations_kept,
            time="ended_at",
            client="client",
            parts=(Turn,),
            database=database,
        )
    ]
