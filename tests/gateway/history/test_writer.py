"""The history must never delay or fail a request, whatever the database does."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from common.config import Config
from common.metrics import HISTORY_DROPPED
from gateway_app.history.records import Record, SynthesisRecord, TranscriptRecord
from gateway_app.history.writer import DatabaseHistory
from gateway_app.models import Synthesis, Transcript
from gateway_app.retention.people import Person
from tests.databases import another_database
from tests.waiting import until


@pytest.fixture
def file_database(tmp_path: Path, django_db_blocker: Any) -> Iterator[str]:
    """SQLite in a file, set up as in production."""
    with django_db_blocker.unblock(), another_database("", tmp_path) as alias:
        yield alias


@pytest.fixture
async def history(file_database: str) -> AsyncIterator[DatabaseHistory]:
    writer = DatabaseHistory(Config(), database=file_database)
    await writer.start()
    yield writer
    await writer.stop()


@pytest.fixture
def lock(file_database: str, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Holds the whole database, as another process would, until it is closed."""
    other = sqlite3.connect(tmp_path / "voice.sqlite3", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield other
    other.close()


def heard(number: int = 1, **values: Any) -> TranscriptRecord:
    return TranscriptRecord(f"request-{number}", "session", "client", **values)


def dropped() -> float:
    (counter,) = HISTORY_DROPPED.collect()
    return next(s.value for s in counter.samples if s.name.endswith("_total"))


async def written(writer: DatabaseHistory) -> None:
    await until(lambda: not writer.pending)


def kept_ids(database: str) -> list[str]:
    rows = Transcript.objects.using(database).order_by("pk")
    return list(rows.values_list("request_id", flat=True))


async def in_database(work: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(_and_close, work)


def _and_close(work: Callable[[], Any]) -> Any:
    try:
        return work()
    finally:
        connections.close_all()


async def test_it_keeps_all_that_is_known_of_a_transcript(
    history: DatabaseHistory, file_database: str
) -> None:
    before = timezone.now()
    stages = {"transcribe": 210.5, "final": 251.25}
    history.record(
        heard(
            text="hello there",
            language="en",
            model="base",
            principal="user:7",
            duration_seconds=1.5,
            stages_ms=stages,
        )
    )
    await written(history)
    row = await in_database(lambda: Transcript.objects.using(file_database).get())
    assert (row.text, row.language, row.model) == ("hello there", "en", "base")
    assert (row.request_id, row.session_id, row.client) == (
        "request-1",
        "session",
        "client",
    )
    assert (row.duration_seconds, row.stages_ms) == (1.5, stages)
    assert row.principal == "user:7"
    assert (row.transcribe_ms, row.final_ms) == (210.5, 251.25)
    assert (row.status, row.error) == ("ok", "")
    assert before <= row.created_at <= timezone.now()


async def test_it_keeps_all_that_is_known_of_a_synthesis(
    history: DatabaseHistory, file_database: str
) -> None:
    history.record(
        SynthesisRecord(
            "r",
            "key one",
            text_in="Say hello",
            text_out="Hello.",
            voice="en_US-joe-medium",
            model="llama3.2",
            audio_format="mp3",
            stages_ms={"llm_first_token": 40, "first_audio": 90, "total": 300},
            status="error",
            error="The client left.",
        )
    )
    await written(history)
    row = await in_database(lambda: Synthesis.objects.using(file_database).get())
    assert (row.text_in, row.text_out) == ("Say hello", "Hello.")
    assert (row.voice, row.model, row.audio_format) == (
        "en_US-joe-medium",
        "llama3.2",
        "mp3",
    )
    assert (row.llm_first_token_ms, row.first_audio_ms, row.total_ms) == (40, 90, 300)
    assert (row.status, row.error) == ("error", "The client left.")


async def test_it_makes_what_no_database_takes_storable(
    history: DatabaseHistory, file_database: str
) -> None:
    history.record(
        heard(
            text="nul \x00 half \ud83d end",
            model="m" * 1_000,
            duration_seconds=float("nan"),
            stages_ms={"final": float("inf"), "transcribe": 5.0},
        )
    )
    await written(history)
    row = await in_database(lambda: Transcript.objects.using(file_database).get())
    assert row.text == "nul  half  end"
    assert (len(row.model), row.duration_seconds) == (200, 0.0)
    assert (row.stages_ms, row.final_ms) == ({"transcribe": 5.0}, None)


async def test_it_waits_for_a_locked_database_and_keeps_the_order(
    history: DatabaseHistory, file_database: str, lock: sqlite3.Connection
) -> None:
    longest = 0.0
    for number in range(250):
        began = time.perf_counter()
        history.record(heard(number))
        longest = max(longest, time.perf_counter() - began)
        await asyncio.sleep(0)
    await asyncio.sleep(1)
    assert history.pending == 250
    assert longest < 4, "it would wait 5 s for the database"
    lock.close()
    await written(history)
    ids = await in_database(lambda: kept_ids(file_database))
    assert ids == [f"request-{number}" for number in range(250)]


async def test_it_drops_and_counts_what_the_queue_cannot_hold(
    file_database: str, lock: sqlite3.Connection
) -> None:
    writer = DatabaseHistory(Config(history_queue_limit=10), database=file_database)
    await writer.start()
    before = dropped()
    for number in range(30):
        writer.record(heard(number))
    assert (writer.pending, dropped() - before) == (10, 20)
    lock.close()
    await written(writer)
    await writer.stop()
    ids = await in_database(lambda: kept_ids(file_database))
    assert ids == [f"request-{number}" for number in range(10)]


async def test_it_writes_what_waits_when_it_stops(
    history: DatabaseHistory, file_database: str
) -> None:
    for number in range(120):
        history.record(heard(number))
    await history.stop()
    assert history.pending == 0
    assert len(await in_database(lambda: kept_ids(file_database))) == 120


async def test_it_gives_up_on_a_locked_database_within_the_shutdown_grace(
    file_database: str, lock: sqlite3.Connection
) -> None:
    writer = DatabaseHistory(Config(shutdown_grace_seconds=0.5), database=file_database)
    await writer.start()
    writer.record(heard())
    before, began = dropped(), time.monotonic()
    await writer.stop()
    assert time.monotonic() - began < 30
    assert dropped() - before == 1


async def test_it_loses_only_the_record_that_cannot_be_written(
    history: DatabaseHistory, file_database: str
) -> None:
    before = dropped()
    history.record(heard(1))
    history.record(heard(2, status=None))
    history.record(heard(3))
    await written(history)
    assert dropped() - before == 1
    ids = await in_database(lambda: kept_ids(file_database))
    assert ids == ["request-1", "request-3"]


@pytest.mark.parametrize("at_once", [True, False])
async def test_an_utterance_that_is_heard_again_is_kept_once(
    history: DatabaseHistory, file_database: str, at_once: bool
) -> None:
    history.record(heard(1, text="before"))
    history.record(heard(2, text="another"))
    if not at_once:
        await written(history)
    history.record(heard(1, text="after"))
    await written(history)
    rows = Transcript.objects.using(file_database).values_list("request_id", "text")
    assert set(await asyncio.to_thread(list, rows)) == {
        ("request-1", "after"),
        ("request-2", "another"),
    }


@pytest.mark.parametrize("at_once", [True, False])
async def test_files_with_the_same_id_from_clients_replace_nothing(
    history: DatabaseHistory, file_database: str, at_once: bool
) -> None:
    history.record(heard(1, text="an utterance of somebody else"))
    for text in ("the first file", "the second file"):
        if not at_once:
            await written(history)
        history.record(TranscriptRecord("request-1", "request-1", "client", text=text))
    await written(history)
    rows = Transcript.objects.using(file_database).values_list("text", flat=True)
    assert sorted(await asyncio.to_thread(list, rows)) == [
        "an utterance of somebody else",
        "the first file",
        "the second file",
    ]


async def test_it_stores_nothing_when_it_must_not(file_database: str) -> None:
    told = Listening()
    writer = DatabaseHistory(Config(store_history=False), told, database=file_database)
    await writer.start()
    writer.record(heard(text="a secret"))
    await writer.stop()
    assert await in_database(lambda: kept_ids(file_database)) == []
    assert len(told.records) == 1


async def test_it_tells_the_monitor_of_each_record(history: DatabaseHistory) -> None:
    told = Listening()
    writer = DatabaseHistory(Config(), told)
    writer.record(heard())
    assert told.records == [heard()]


async def test_it_keeps_the_record_when_the_monitor_fails(file_database: str) -> None:
    class Broken:
        def record(self, record: Record) -> None:
            raise RuntimeError("broken")

    writer = DatabaseHistory(Config(), Broken(), database=file_database)
    await writer.start()
    writer.record(heard())
    await writer.stop()
    assert await in_database(lambda: kept_ids(file_database)) == ["request-1"]


async def test_it_tells_the_monitor_of_a_record_that_makes_no_row() -> None:
    told = Listening()
    rowless = heard(stages_ms={"final": "soon"})
    DatabaseHistory(Config(), told).record(rowless)
    assert told.records == [rowless]


async def test_it_drops_the_queued_records_of_whoever_is_forgotten(
    file_database: str,
) -> None:
    writer = DatabaseHistory(Config(), database=file_database)
    writer.record(heard(1, principal="key:1"))
    writer.record(heard(2, principal="key:2"))
    writer.forget(Person(frozenset(["key:1"])))
    writer.record(heard(3, principal="key:1"))
    await writer.start()
    await written(writer)
    await writer.stop()
    assert await in_database(lambda: kept_ids(file_database)) == [
        "request-2",
        "request-3",
    ]


class Listening:
    """Something that wants to know of each record."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def record(self, record: Record) -> None:
        self.records.append(record)
