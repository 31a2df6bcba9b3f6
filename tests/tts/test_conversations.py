"""Conversations in the database."""

from __future__ import annotations

import pytest

from tests.contracts.conversations import ConversationContract, MakeStore
from tts_app.conversations import DatabaseConversations


@pytest.mark.django_db(transaction=True)
class TestDatabaseConversations(ConversationContract):
    @pytest.fixture
    def make_store(self) -> MakeStore:
        return DatabaseConversations
