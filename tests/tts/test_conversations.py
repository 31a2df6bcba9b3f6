"""Conversations in the database, and what pruning does to them."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from tests.contracts.conversations import ConversationContract, MakeStore
from tts_app.conversations import DatabaseConversations
from tts_app.models import Conversation


@pytest.mark.django_db(transaction=True)
class TestDatabaseConversations(ConversationContract):
    @pytest.fixture
    def make_store(self) -> MakeStore:
        return DatabaseConversations


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("prune_history", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def rested(transactional_db: None) -> Any:
    for name, hours in (("old", 2), ("new", 0)):
        moment = timezone.now() - timedelta(hours=hours)
        Conversation.objects.create(conversation_id=name, updated_at=moment)


def test_pruning_deletes_expired_conversations_only(rested: None) -> None:
    assert "Deleted 1 expired conversations." in said()
    assert Conversation.objects.get().conversation_id == "new"


def test_a_dry_run_deletes_no_conversation(rested: None) -> None:
    assert "Would delete 1 expired conversations." in said("--dry-run")
    assert Conversation.objects.count() == 2
