"""Forgetting removes everything of one person, down to the bytes on the disk."""

from __future__ import annotations

import json
import random
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client

from common.config import Config
from gateway_app.audit.log import Action, record
from gateway_app.audit.models import AuditEvent
from gateway_app.keys.models import ApiKey, KeySecret
from gateway_app.models import Forgetting, Synthesis, Transcript
from gateway_app.retention.forgetting import forget
from gateway_app.retention.people import Person
from tts_app.models import Conversation
from voiceproject.management.commands.forget import Command
from voiceproject.storage.failing import explained
from voiceproject.storage.kinds import kept_data

KEY = "key:0123456789abcdef"
CANARY = "a canary that sang of its owner"


def said(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


def copies(folder: Path) -> int:
    """How often the folder's files hold the phrase or the person's name."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return sum(data.count(CANARY.encode()) + data.count(KEY.encode()) for data in files)


def fill(database: str) -> None:
    """Rows of many sizes, every tenth the key's. They move between pages, and with this
    seed two copies of the phrase outlive their rows in the unused parts of the file."""
    chance = random.Random(6)
    rows = Transcript.objects.using(database)
    for number in range(500):
        theirs = chance.random() < 0.1
        phrase = CANARY if theirs else "another bird "
        owner = KEY if theirs else f"key:{chance.randrange(50)}"
        text = phrase * chance.choice([1, 2, 5, 30, 100])
        error = phrase * chance.randrange(40)
        rows.create(text=text, principal=owner, error=error)
        if chance.random() < 0.1:
            some = rows.filter(pk=chance.randrange(1, number + 2))
            some.exclude(principal=KEY).delete()
    Synthesis.objects.using(database).create(principal=KEY, text_out=CANARY)
    turns = [{"question": CANARY, "answer": CANARY}]
    Conversation.objects.using(database).create(
        principal=KEY, conversation_id="kitchen", turns=turns
    )


def test_it_leaves_no_byte_on_the_disk(file_database: str, tmp_path: Path) -> None:
    fill(file_database)
    others = Transcript.objects.using(file_database).exclude(principal=KEY).count()
    assert copies(tmp_path) > 1_000
    done = forget(
        Person(frozenset([KEY])),
        kept_data(Config(), file_database),
        servers_run=False,
        database=file_database,
    )
    assert (copies(tmp_path), done.left_bytes) == (0, "")
    assert done.counts["conversations"] == 1
    assert Transcript.objects.using(file_database).count() == others


def test_it_tells_servers_and_waits_before_it_deletes(file_database: str) -> None:
    person = Person(frozenset([KEY]), frozenset(["192.0.2.1"]))
    rows = Transcript.objects.using(file_database)
    marks = Forgetting.objects.using(file_database)

    def while_waiting(seconds: float) -> None:
        """A server writes what it still had in its queue."""
        assert (marks.get().principals, marks.get().networks) == ([KEY], ["192.0.2.1"])
        rows.create(principal=KEY, text="late")

    forget(
        person,
        kept_data(Config(), file_database),
        servers_run=True,
        database=file_database,
        sleep=while_waiting,
    )
    assert not rows.exists()
    assert not marks.exists()


@pytest.mark.django_db(transaction=True)
def test_an_address_takes_its_network_and_its_conversations() -> None:
    for client in ("2001:db8::5", "2001:db8::6", "2001:db9::5", "192.0.2.7"):
        Transcript.objects.create(principal="anonymous", client=client)
        Synthesis.objects.create(principal=KEY, client=client)
    for holder in ("anonymous 2001:db8::/64", "anonymous 192.0.2.7"):
        Conversation.objects.create(principal=holder, conversation_id="kitchen")
    told = said("forget", "2001:db8::5", "--yes")
    assert "Removed: 2 transcripts, 2 syntheses," in told
    assert "1 conversation," in told
    left = set(Transcript.objects.values_list("client", flat=True))
    assert left == {"2001:db9::5", "192.0.2.7"}
    assert Conversation.objects.get().principal == "anonymous 192.0.2.7"


@pytest.fixture
def alice(transactional_db: None) -> User:
    """A user with data of every kind, beside another one."""
    alice = User.objects.create_user("alice", "alice@example.org", "pass-word-1")
    bob = User.objects.create_user("bob")
    for user in (alice, bob):
        Client().force_login(user)
        principal = f"user:{user.pk}"
        Transcript.objects.create(principal=principal, text=user.username)
        record(principal, Action.CHANGED, "voice:amy", client_says=user.username)
        record("local", Action.CREATED, principal, name=user.username)
    record("anonymous", Action.SIGN_IN_FAILED, "password", accounts="alice, bob")
    return alice


def test_it_replaces_a_user_in_the_audit_log_and_signs_out(alice: User) -> None:
    told = said("forget", "alice", "--yes")
    assert "1 account (an account gives access" in told
    assert "1 sign-in session\n" in told
    events = json.dumps(list(AuditEvent.objects.order_by("pk").values()), default=str)
    assert "alice" not in events
    assert f'"user:{alice.pk}"' not in events
    assert events.count("forgotten:") >= 5
    assert "bob" in events
    newest = AuditEvent.objects.latest("pk")
    assert (newest.action, newest.actor) == ("forgotten", "local")
    assert f"calls this person {newest.subject}" in told
    assert Transcript.objects.get().text == "bob"


def test_a_dry_run_and_a_no_remove_nothing(alice: User) -> None:
    assert "1 transcript\n" in said("forget", "alice", "--dry-run")
    command = Command(stdout=StringIO())
    asked: list[str] = []

    def no(question: str) -> str:
        asked.append(question)
        return "no"

    command.ask = no
    with pytest.raises(CommandError, match="Nothing was removed"):
        call_command(command, "alice")
    assert asked == ["Remove these 6 records for good? Type yes: "]
    assert Transcript.objects.count() == 2


def test_it_names_nobody_it_does_not_know(alice: User) -> None:
    with pytest.raises(CommandError, match="There is no key, user or address `carol`"):
        said("forget", "carol", "--yes")


def test_the_export_holds_everything_but_secrets(alice: User, tmp_path: Path) -> None:
    target = tmp_path / "alice.json"
    said("export", "alice@example.org", str(target))
    assert target.stat().st_mode & 0o777 == 0o600
    export = json.loads(target.read_text(encoding="utf-8"))
    assert export["principals"] == [f"user:{alice.pk}"]
    data = export["data"]
    assert [row["text"] for row in data["transcripts"]] == ["alice"]
    assert [row["username"] for row in data["accounts"]] == ["alice"]
    assert len(data["sign-in sessions"]) == 1
    assert {row["action"] for row in data["audit events"]} >= {"changed", "created"}
    assert not any("password" in row for row in data["accounts"])
    assert json.loads(said("export", "alice"))["data"]["accounts"] == data["accounts"]
    with pytest.raises(CommandError, match="File exists"):
        said("export", "alice", str(target))


def test_a_database_without_tables_is_said_in_a_sentence() -> None:
    with (
        pytest.raises(
            CommandError, match=r"Nothing was removed: .* `manage.py migrate`"
        ),
        explained("Nothing was removed"),
    ):
        raise OperationalError("no such table: gateway_app_transcript\nmore")


@pytest.mark.django_db(transaction=True)
def test_a_key_is_found_by_its_name_and_stays() -> None:
    key = ApiKey.objects.create(name="kitchen", scopes=["stt"])
    KeySecret.objects.create(key=key, prefix="p", digest="the-digest")
    Transcript.objects.create(principal=key.principal)
    record("local", Action.CREATED, "apikey:kitchen", name="kitchen")
    export = said("export", "kitchen")
    assert '"name": "kitchen"' in export
    assert "the-digest" not in export
    told = said("forget", "kitchen", "--yes")
    assert "1 API key (a key gives access" in told
    assert ApiKey.objects.get().name == "kitchen"
    assert not Transcript.objects.exists()
    events = json.dumps(list(AuditEvent.objects.values()), default=str)
    assert "kitchen" not in events
    assert key.principal not in events
