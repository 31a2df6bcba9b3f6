"""What a running server does: prunes by itself, and drops whoever is forgotten."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from common.config import Config
from gateway_app.history.records import SynthesisRecord, TranscriptRecord
from gateway_app.models import Forgetting, Transcript
from gateway_app.monitor.recent import RecentPast
from gateway_app.retention.job import RetentionJob
from gateway_app.retention.kept import NeverPruned
from gateway_app.retention.people import Person
from gateway_app.retention.tables import KeptRows
from tests.clocks import StoppedClock
from tests.waiting import until
from voiceproject.storage.kinds import kept_data


async def in_database(work: Callable[[], Any]) -> Any:
    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


async def none_left(rows: Any) -> None:
    """Return once the rows have been deleted."""
    await until(lambda: in_database(lambda: not rows.exists()))


class Told:
    """Whatever holds something of people."""

    def __init__(self) -> None:
        self.persons: list[Person] = []

    def forget(self, person: Person) -> None:
        self.persons.append(person)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
async def told(file_database: str, clock: StoppedClock) -> AsyncIterator[Told]:
    told = Told()
    job = RetentionJob(
        kept_data(Config(), file_database),
        [told.forget],
        database=file_database,
        poll_seconds=0.02,
        clock=clock,
    )
    await job.start()
    yield told
    await job.stop()


async def test_it_prunes_a_minute_after_its_start_and_then_each_hour(
    told: Told, clock: StoppedClock, file_database: str
) -> None:
    rows = Transcript.objects.using(file_database)
    past = timezone.now() - timedelta(days=31)
    for wait_seconds in (60.0, 3_600.0):
        clock.move_on(wait_seconds - 0.1)
        await in_database(lambda: rows.create(created_at=past))
        await asyncio.sleep(0.1)
        assert await in_database(rows.exists)
        clock.move_on(0.1)
        await none_left(rows)


async def test_it_tells_once_of_whoever_is_forgotten(
    told: Told, file_database: str
) -> None:
    marks = Forgetting.objects.using(file_database)

    def write() -> None:
        for name in ("key:1", "key:2"):
            marks.create(principals=[name], networks=["192.0.2.1"])

    await in_database(write)
    await until(lambda: len(told.persons) == 2)
    await asyncio.sleep(0.1)
    networks = frozenset(["192.0.2.1"])
    assert told.persons == [
        Person(frozenset([name]), networks) for name in ("key:1", "key:2")
    ]


@dataclass(frozen=True)
class Endless(NeverPruned, KeptRows):
    """A kind whose old rows take as long to delete as it is allowed."""

    began: threading.Event = field(default_factory=threading.Event)

    def prune(self, before: datetime, after_batch: Callable[[], bool]) -> int:
        self.began.set()
        while after_batch():
            pass
        return 0


async def test_it_tells_of_them_also_while_it_prunes(
    clock: StoppedClock, file_database: str
) -> None:
    told, days = Told(), timedelta(days=1)
    kind = Endless("rows", "row", Transcript, "", days, database=file_database)
    job = RetentionJob(
        [kind],
        [told.forget],
        database=file_database,
        first_prune_seconds=0,
        poll_seconds=0.02,
        clock=clock,
    )
    await job.start()
    assert await asyncio.to_thread(kind.began.wait, 60)
    marks = Forgetting.objects.using(file_database)
    await in_database(lambda: marks.create(principals=["key:1"]))
    await until(lambda: bool(told.persons))
    await job.stop()


async def test_it_deletes_the_mark_of_a_command_that_was_killed(
    told: Told, file_database: str
) -> None:
    marks = Forgetting.objects.using(file_database)
    past = timezone.now() - timedelta(hours=2)
    await in_database(lambda: marks.create(principals=["key:1"], created_at=past))
    await none_left(marks)


def test_the_monitor_drops_their_requests_and_nobody_elses() -> None:
    recent = RecentPast(show_texts=True)
    recent.record(TranscriptRecord("1", "s", "192.0.2.1", "key:1", text="mine"))
    recent.record(SynthesisRecord("2", "192.0.2.2", "key:2", text_out="theirs"))
    recent.record(TranscriptRecord("3", "s", "192.0.2.3", "anonymous", text="nobody's"))
    recent.forget(Person(frozenset(["key:1"]), frozenset(["192.0.2.3"])))
    assert [request.text for request in recent.requests()] == ["theirs"]
    assert recent.owners() == ["key:2"]
    recent.record(TranscriptRecord("4", "s", "192.0.2.1", "key:1", text="again"))
    assert [request.text for request in recent.requests()] == ["again", "theirs"]
