"""Spoken conversations in the database: written as heard, read in the admin, forgotten."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from chat_app.conversation.records import CallRecord, TurnRecord
from chat_app.history.recorder import RecordedConversations
from chat_app.history.rows import TurnRow
from chat_app.models import Conversation, Turn
from common.config import Config
from gateway_app.audit.models import AuditEvent
from gateway_app.history.storage import write_rows
from gateway_app.history.writer import DatabaseHistory
from gateway_app.retention.people import Person
from tests.chat.sockets import of, talking
from tests.fake_services import NO_INTERIM, FakeServices
from tests.fakes import FakeLlm, FakeStt
from tests.stt.sounds import LoudnessVad
from voiceproject.storage.kinds import kept_data

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIST = "/admin/chat_app/conversation/"
FIRST = TurnRecord(
    conversation_id="c-1",
    number=1,
    principal="user:7",
    client="192.0.2.7",
    question="What is <b>the time</b>, please?",
    answer="It is noon, and",
    status="cancelled",
    reason="turn_detected",
    started_at=START,
    language="en",
    voice="amy",
    model="small",
    stages_ms={"committed": 500.0, "first_sent": 820.0},
)
SECOND = replace(FIRST, number=3, question="Stop.", answer="OK.", status="completed")

pytestmark = pytest.mark.django_db(transaction=True)


def write(*turns: TurnRecord, seconds: float = 60.0) -> None:
    moment = START + timedelta(seconds=seconds)
    write_rows([TurnRow(turn, moment) for turn in turns], database="default")


@pytest.fixture
def superuser() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_a_conversation_follows_from_its_turns() -> None:
    write(FIRST)
    write(replace(SECOND, voice="joe", stages_ms={"first_sent": 400.0}), seconds=90)
    row = Conversation.objects.get()
    assert row.title == "What is <b>the time</b>, please?"
    assert (row.turn_count, row.voice_to_voice_ms) == (2, 610.0)
    assert (row.length, row.voice) == (timedelta(seconds=90), "joe")
    assert (row.principal, row.client) == ("user:7", "192.0.2.7")
    assert list(row.turns.values_list("number", "answer")) == [
        (1, "It is noon, and"),
        (3, "OK."),
    ]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_later_truncation_updates_the_turn(at_once: bool) -> None:
    cut = replace(FIRST, answer="It is")
    if at_once:
        write(FIRST, cut)
    else:
        write(FIRST)
        write(cut)
    assert Turn.objects.get().answer == "It is"
    assert Conversation.objects.get().turn_count == 1


def test_it_removes_what_no_database_can_store() -> None:
    write(
        replace(FIRST, question="a\x00b\ud83d", model="m" * 999),
        replace(FIRST, number=2, stages_ms={"first_sent": float("nan")}),
    )
    assert Turn.objects.get(number=1).question == "ab"
    assert Turn.objects.get(number=2).voice_to_voice_ms is None
    assert Conversation.objects.get().voice_to_voice_ms == 820.0


def test_it_keeps_and_shows_what_a_reply_called(superuser: Client) -> None:
    calls = (
        CallRecord("weather", '{"city": "K\u00f6ln", "days": 2}', "<i>sun</i>"),
        CallRecord("stop\0", "<b>"),
    )
    write(replace(SECOND, answer="", calls=calls))
    conversation = Conversation.objects.get()
    page = superuser.get(f"{LIST}{conversation.pk}/change/").content.decode()
    assert "<code>weather(city: &quot;K\u00f6ln&quot;, days: 2)</code>" in page
    assert "<code>stop(&lt;b&gt;)</code>" in page
    assert page.count("<code>") == 3
    assert "<code>&lt;i&gt;sun&lt;/i&gt;</code>" in page
    assert "Nothing of the reply was heard." not in page
    written = superuser.post(f"{LIST}export/", {"format": 1, "resource": 0}).content
    (exported,) = json.loads(written)
    assert exported["turns"][0]["calls"][1] == {"name": "stop", "arguments": "<b>"}


def test_it_keeps_an_out_of_band_reply_but_not_its_latency(
    superuser: Client,
) -> None:
    write(FIRST, replace(SECOND, out_of_band=True, stages_ms={"first_sent": 1.0}))
    conversation = Conversation.objects.get()
    assert (conversation.turn_count, conversation.voice_to_voice_ms) == (2, 820.0)
    page = superuser.get(f"{LIST}{conversation.pk}/change/").content.decode()
    assert page.count("(out of band)") == 1
    written = superuser.post(f"{LIST}export/", {"format": 1, "resource": 0}).content
    (exported,) = json.loads(written)
    assert [each["out_of_band"] for each in exported["turns"]] == [False, True]


async def test_the_history_writes_it_in_the_background() -> None:
    history = DatabaseHistory(Config())
    await history.start()
    RecordedConversations(history).record(FIRST)
    assert history.pending == 1
    await history.stop()
    turn = await Turn.objects.select_related("conversation").aget()
    assert (turn.question, turn.conversation.language) == (FIRST.question, "en")


async def test_nothing_is_kept_without_a_history() -> None:
    history = DatabaseHistory(Config(store_history=False))
    RecordedConversations(history).record(FIRST)
    assert history.pending == 0


async def test_queued_turns_of_the_forgotten_are_dropped() -> None:
    history = DatabaseHistory(Config())
    RecordedConversations(history).record(FIRST)
    history.forget(Person(frozenset(["user:7"])))
    await history.start()
    await history.stop()
    assert not await Conversation.objects.aexists()


async def test_an_interrupted_conversation_is_stored_as_heard(
    make_services: Callable[..., FakeServices],
) -> None:
    pieces = ["This is the first sentence of a long reply. ", "And this is the second."]
    services = make_services(
        stt=FakeStt(["tell me all", "stop that now"]),
        llm=FakeLlm(pieces),
        vad=LoudnessVad(),
        **NO_INTERIM,
    )
    async with talking(services) as client:
        await client.say(1.0, -2.0)
        events = await client.until("x.output.clause")
        response = of(events, "response.created")[0]["response"]["id"]
        await client.send("x.played", response_id=response, ms=700)
        await client.say(0.5, -2.0)
        done = (await client.until("response.done"))[-1]["response"]
    heard = done["output"][0]["content"][0]["transcript"]
    turn = services.history.rows[0].turn
    assert (turn.question, turn.answer, turn.number) == ("tell me all", heard, 1)
    assert (turn.status, turn.reason) == ("cancelled", "turn_detected")
    assert turn.language == "en"
    assert turn.conversation_id == client.created["id"]
    assert turn.started_at is not None
    assert "first_sent" in turn.stages_ms


def test_the_admin_lists_conversations(superuser: Client) -> None:
    write(FIRST, SECOND, replace(FIRST, conversation_id="c-2", question="Another"))
    page = superuser.get(f"{LIST}?q=noon").content.decode()
    assert "820\N{NO-BREAK SPACE}ms" in page
    assert "1:00" in page
    found = superuser.get(f"{LIST}?q=Stop").context["cl"].result_list
    assert [row.conversation_id for row in found] == ["c-1"]


def test_the_admin_shows_an_escaped_dialogue(superuser: Client) -> None:
    write(FIRST, replace(SECOND, answer="", status="failed"))
    key = Conversation.objects.get().pk
    page = superuser.get(f"{LIST}{key}/change/").content.decode()
    assert "What is &lt;b&gt;the time&lt;/b&gt;, please?" in page
    assert "<b>the time</b>" not in page
    assert "It is noon, and \N{EM DASH}" in page
    assert "(interrupted)" in page
    assert "(failed)" in page
    assert "Nothing of the reply was heard." in page
    assert "Turn committed" in page


def test_no_spreadsheet_runs_an_exported_turn_as_a_formula(superuser: Client) -> None:
    write(replace(FIRST, question="=1+1"))
    answers = [
        superuser.post(f"{LIST}export/", {"format": number, "resource": 0})
        for number in (0, 1)
    ]
    (row,) = csv.DictReader(io.StringIO(answers[0].content.decode()))
    assert row["title"] == "'=1+1"
    assert json.loads(row["turns"])[0]["question"] == "=1+1"
    (plain,) = json.loads(answers[1].content)
    assert plain["title"] == "=1+1"
    assert plain["turns"][0]["stages_ms"] == FIRST.stages_ms
    assert AuditEvent.objects.filter(action="exported").count() == 2


def test_a_deletion_takes_the_turns_and_is_audited(superuser: Client) -> None:
    write(FIRST, SECOND)
    key = Conversation.objects.get().pk
    superuser.post(f"{LIST}{key}/delete/", {"post": "yes"})
    assert not Turn.objects.exists()
    assert AuditEvent.objects.get(action="deleted").subject == f"conversation:{key}"


def test_forgetting_exports_and_takes_the_turns() -> None:
    other = replace(FIRST, conversation_id="c-2", principal="user:8", client="::1")
    write(FIRST, SECOND, other)
    kept = {kind.name: kind for kind in kept_data(Config())}["spoken conversations"]
    for person in (
        Person(frozenset(["user:7"])),
        Person(networks=frozenset(["192.0.2.7"])),
    ):
        assert kept.count(person) == 1
        (exported,) = kept.export(person)
        assert [turn["answer"] for turn in exported["turns"]] == [
            "It is noon, and",
            "OK.",
        ]
    assert kept.forget(Person(frozenset(["user:7"])), "forgotten:1") == 1
    assert Turn.objects.get().conversation.principal == "user:8"
    assert kept.prune(START + timedelta(days=1), lambda: True) == 1
    assert not Turn.objects.exists()


def test_it_writes_a_batch_with_few_statements(
    django_assert_max_num_queries: Any,
) -> None:
    turns = [replace(FIRST, conversation_id=f"c-{number}") for number in range(40)]
    with django_assert_max_num_queries(8, connection=connection):
        write(*turns)
