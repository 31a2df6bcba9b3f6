"""A real PostgreSQL: migrations, requests of the real server, and an outage."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import httpx
import pytest
from django.db import connections
from django.utils import timezone

from chat_app.conversation.records import TurnRecord
from chat_app.history.rows import TurnRow
from chat_app.models import Turn
from common.config import Config, project_dir
from gateway_app.history.records import SynthesisRecord, TranscriptRecord
from gateway_app.history.storage import write_rows
from gateway_app.history.writer import DatabaseHistory
from gateway_app.models import Synthesis, Transcript
from tests.server_process import running_server
from tests.services.conftest import Postgres
from tests.waiting import until

pytestmark = pytest.mark.services


def manage(url: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=project_dir(),
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


async def in_thread(work: Any) -> Any:
    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


async def written(writer: DatabaseHistory) -> None:
    await until(lambda: not writer.pending)


def test_it_migrates_forward_and_backward(fresh_url: str) -> None:
    assert "Applying gateway_app.0001_history... OK" in manage(fresh_url, "migrate")
    assert "No migrations to apply" in manage(fresh_url, "migrate")
    back = manage(fresh_url, "migrate", "gateway_app", "zero")
    assert "Unapplying gateway_app.0001_history... OK" in back


COMMANDS = """
import sys, json, django
django.setup()
from django.core.management import call_command
for words in json.loads(sys.argv[1]):
    call_command(*words, no_color=True)
"""


def test_each_app_migrates_back_from_a_database_with_rows(fresh_url: str) -> None:
    steps = [
        ["migrate", "--verbosity", "0"],
        ["keys", "create", "shop", "--scopes", "tts"],
        ["migrate", "gateway_app", "0006"],
        ["migrate"],
        ["keys", "list"],
        *(["migrate", app, "zero"] for app in ("chat_app", "tts_app", "gateway_app")),
        ["migrate"],
    ]
    told = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(steps)],
        cwd=project_dir(),
        env={
            **os.environ,
            "DATABASE_URL": fresh_url,
            "DJANGO_SETTINGS_MODULE": "voiceproject.settings",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    for name in ("gateway_app.0008_roles", "gateway_app.0007_api_keys"):
        assert told.count(f"Unapplying {name}... OK") == 2
        assert told.count(f"Applying {name}... OK") == 2
    assert "Unapplying tts_app.0001_initial... OK" in told
    assert told.count("Applying chat_app.0001_conversations... OK") >= 1


def test_it_prunes(fresh_url: str) -> None:
    manage(fresh_url, "migrate", "--verbosity", "0")
    assert "Deleted 0 transcripts" in manage(fresh_url, "prune")


@pytest.mark.model
@pytest.mark.server
def test_it_records_a_request_of_the_real_server(
    postgres: Postgres, postgres_database: str
) -> None:
    settings = {"database_url": postgres.url, "whisper_model_name": "tiny.en"}
    with running_server(llm_backend="none", **settings) as server:
        answer = httpx.post(
            f"{server.url}/tts",
            json={"text": "Kept in the database.", "llm": False},
            headers={"X-Request-ID": "kept-1"},
            timeout=60,
        )
        assert answer.status_code == 200
    row = Synthesis.objects.using(postgres_database).get(request_id="kept-1")
    assert (row.text_in, row.status) == ("Kept in the database.", "ok")
    assert row.first_audio_ms is not None
    assert row.duration_seconds > 0


async def test_it_stores_what_clients_can_send(postgres_database: str) -> None:
    writer = DatabaseHistory(Config(), database=postgres_database)
    await writer.start()
    writer.record(
        SynthesisRecord("r" * 500, "c" * 500, text_in="nul \x00, half \ud83d, 日本語 🎙")
    )
    await written(writer)
    await writer.stop()
    row = await in_thread(lambda: Synthesis.objects.using(postgres_database).get())
    assert row.text_in == "nul , half , 日本語 🎙"
    assert (len(row.request_id), len(row.client)) == (64, 200)


def test_a_truncated_turn_is_updated(postgres_database: str) -> None:
    turn = TurnRecord("c-1", 1, "user:7", "::1", "a\x00b", "All of it.", "completed")
    for answer in ("All of it.", "All"):
        row = TurnRow(replace(turn, answer=answer), timezone.now())
        write_rows([row, row], database=postgres_database)
    stored = Turn.objects.using(postgres_database).select_related("conversation").get()
    assert (stored.question, stored.answer) == ("ab", "All")
    assert (stored.conversation.title, stored.conversation.turn_count) == ("ab", 1)


async def test_it_outlives_the_database_and_keeps_the_order(
    postgres: Postgres, postgres_database: str
) -> None:
    writer = DatabaseHistory(Config(), database=postgres_database)
    await writer.start()
    writer.record(TranscriptRecord("before", "s", "c"))
    await written(writer)
    await asyncio.to_thread(postgres.stop)
    longest = 0.0
    for number in range(150):
        began = time.perf_counter()
        writer.record(TranscriptRecord(f"away-{number}", "s", "c"))
        longest = max(longest, time.perf_counter() - began)
    await asyncio.sleep(1)
    assert (writer.pending, longest < 4) == (150, True)
    await asyncio.to_thread(postgres.start)
    await written(writer)
    await writer.stop()
    rows = Transcript.objects.using(postgres_database).order_by("pk")
    ids = await in_thread(lambda: list(rows.values_list("request_id", flat=True)))
    assert ids == ["before", *(f"away-{number}" for number in range(150))]
