"""Conversations of earlier versions go to the principals that they belong to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from tests.databases import another_database

USERS = ("auth", "0012_alter_user_first_name_max_length")
BEFORE = [USERS, ("tts_app", "0003_voice_sha256")]
AFTER = [USERS, ("tts_app", "0004_conversation_principal")]


def migrate(alias: str, targets: list[tuple[str, str]]) -> Any:
    """The models as they are after that migration."""
    executor = MigrationExecutor(connections[alias])
    executor.migrate(targets)
    return MigrationExecutor(connections[alias]).loader.project_state(targets).apps


@pytest.fixture
def owners_after(tmp_path: Path, django_db_blocker: Any) -> Any:
    """Runs the migration: old owners and their conversations in, the new ones out."""

    def run(*rows: tuple[str, str], users: tuple[str, ...] = ()) -> set[Any]:
        with (
            django_db_blocker.unblock(),
            another_database("", tmp_path) as alias,
        ):
            apps = migrate(alias, BEFORE)
            user = apps.get_model("auth", "User").objects.using(alias)
            for name in users:
                user.create(username=name)
            old = apps.get_model("tts_app", "Conversation").objects.using(alias)
            for caller, conversation_id in rows:
                old.create(caller=caller, conversation_id=conversation_id)
            apps = migrate(alias, AFTER)
            new = apps.get_model("tts_app", "Conversation").objects.using(alias)
            return set(new.values_list("principal", "conversation_id"))

    return run


def test_it_gives_them_to_users_and_to_everybody(owners_after: Any) -> None:
    rows = [("user alice", "kitchen"), ("anonymous ", "hall"), ("user gone", "attic")]
    assert owners_after(*rows, users=("bob", "alice")) == {
        ("user:2", "kitchen"),
        ("anonymous", "hall"),
        ("user gone", "attic"),
    }


def test_it_gives_nobody_what_belonged_to_a_position(owners_after: Any) -> None:
    assert owners_after(("key 1", "kitchen")) == {("key 1", "kitchen")}


def test_what_the_principal_has_begun_by_now_stays(owners_after: Any) -> None:
    rows = [("anonymous ", "kitchen"), ("anonymous", "kitchen"), ("anonymous ", "hall")]
    assert owners_after(*rows) == {("anonymous", "kitchen"), ("anonymous", "hall")}
