"""Health tells the real state of every part, and asks without waiting long."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import pytest
from django.db import connection

from common.engine import PartHealth, PartState
from common.product import VERSION
from gateway_app.health import ServerHealth
from gateway_app.monitor.monitor import HEALTH_MAX_AGE_SECONDS
from gateway_app.probes.database import WRITE_SECONDS, DatabaseCheck
from gateway_app.probes.disk import disk_probe
from gateway_app.probes.models import Heartbeat
from gateway_app.probes.probe import CACHE_SECONDS, TIMEOUT_SECONDS, Probe
from gateway_app.probes.redis import redis_probe
from gateway_app.services import GatewayServices
from tests.clocks import StoppedClock
from tests.fakes import FakeStt

LOADING = PartHealth(PartState.LOADING, "still loading")
READY = PartHealth(PartState.READY, "ready")


class Loading(FakeStt):
    """An engine that is not there yet."""

    def health(self) -> PartHealth:
        return LOADING


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


async def never() -> PartHealth:
    await asyncio.Event().wait()
    return READY


async def test_it_has_the_promised_shape(client):
    answer = await client.get("/health")
    body = answer.json()
    assert answer.status_code == 200
    assert body["status"] == "ok"
    assert body["whisper_loaded"] is True
    assert body["ollama"] is False
    assert body["environment"] == "development"
    assert body["version"] == VERSION
    assert set(body["parts"]) == {"whisper", "piper", "llm", "database", "disk"}
    for part in body["parts"].values():
        assert part["state"] == "ready"
        assert part["summary"]


def test_it_reports_the_version_of_the_changelog():
    changelog = Path(__file__).resolve().parents[2] / "CHANGELOG.md"
    headings = re.findall(r"^## \[(\d.*?)\]", changelog.read_text("utf-8"), re.M)
    assert headings[0] == VERSION


@pytest.mark.parametrize(
    ("engine", "part"), [("stt", "whisper"), ("tts", "piper"), ("llm", "llm")]
)
async def test_it_names_the_part_that_died(engine, part, services, client):
    assert (await client.get("/health")).status_code == 200
    await getattr(services, engine).stop()
    answer = await client.get("/health")
    body = answer.json()
    assert answer.status_code == 503
    assert body["status"] == "degraded"
    assert body["failing"] == [part]
    assert body["parts"][part]["state"] == "down"
    assert body["whisper_loaded"] is (engine != "stt")
    await getattr(services, engine).start()
    assert (await client.get("/health")).status_code == 200


async def test_it_needs_no_language_model_where_none_is_used(make_services, client_for):
    services = make_services(tts_use_llm=False)
    await services.llm.stop()
    async with client_for(services) as client:
        answer = await client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["parts"]["llm"]["state"] == "down"


@pytest.mark.parametrize(
    ("role", "parts"),
    [
        ("tts", {"piper", "llm", "database", "disk"}),
        ("stt", {"whisper", "database", "disk"}),
    ],
)
async def test_it_works_in_one_half_of_a_split_server(role, parts, client_for):
    async with client_for(roles=(role,)) as client:
        answer = await client.get("/health")
        assert answer.status_code == 200
        assert set(answer.json()["parts"]) == parts
        assert answer.json()["whisper_loaded"] is (role == "stt")
        assert (await client.get("/metrics")).status_code == 200


async def test_it_is_alive_but_not_ready_while_it_loads(client_for):
    async with client_for(stt=Loading()) as client:
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 503
        assert (await client.get("/health")).json()["parts"]["whisper"] == {
            "state": "loading",
            "summary": "still loading",
        }


async def test_readiness_tells_a_stranger_one_word_and_asks_nothing(
    make_services, client_for
):
    services = make_services(api_keys=["a-long-key"])
    asked = []

    async def ask() -> PartHealth:
        asked.append(1)
        return READY

    parts = {"whisper": services.stt, "piper": services.tts}
    probes = {"database": Probe("database", ask)}
    health = ServerHealth(services.config, services.sessions, parts, probes)
    services.change(GatewayServices, health=health)
    async with client_for(services) as client:
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
        assert asked == []
        await client.get("/health", headers={"X-API-Key": "a-long-key"})
        assert asked == [1]
        await services.stt.stop()
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()) == (503, {"status": "not ready"})


async def test_it_is_ready_without_a_language_model(services, client):
    await services.llm.stop()
    assert (await client.get("/health/ready")).json() == {"status": "ready"}


async def test_it_is_not_ready_while_it_drains(services, client):
    await services.sessions.drain(0.1)
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"status": "draining"})


async def test_it_reports_a_database_that_does_not_answer(services, client):
    probes = {"database": Probe("database", never)}
    health = ServerHealth(services.config, services.sessions, {}, probes)
    services.change(GatewayServices, health=health)
    began = time.monotonic()
    answer = await client.get("/health")
    assert time.monotonic() - began < 10 * TIMEOUT_SECONDS
    assert answer.json()["failing"] == ["database"]
    assert "did not answer" in answer.json()["parts"]["database"]["summary"]


FULL_DISK = (
    "CREATE TRIGGER full BEFORE INSERT ON gateway_app_heartbeat "
    "BEGIN SELECT RAISE(FAIL, 'the disk is full'); END"
)


async def test_it_reports_a_database_that_takes_no_writes(transactional_db):
    clock = StoppedClock()
    check = DatabaseCheck(clock)
    assert (await asyncio.to_thread(check.ask)).state is PartState.READY
    first = await Heartbeat.objects.aget(pk=Heartbeat.ONLY)
    await asyncio.to_thread(execute, FULL_DISK)
    clock.move_on(WRITE_SECONDS)
    try:
        health = await asyncio.to_thread(check.ask)
    finally:
        await asyncio.to_thread(execute, "DROP TRIGGER full")
    assert health.state is PartState.DOWN
    assert "does not take writes" in health.summary
    # After a failure it writes at once.
    assert (await asyncio.to_thread(check.ask)).state is PartState.READY
    last = await Heartbeat.objects.aget(pk=Heartbeat.ONLY)
    assert last.written_at > first.written_at


async def test_it_does_not_write_more_often_for_many_who_ask(transactional_db):
    clock = StoppedClock()
    check, written = DatabaseCheck(clock), set()
    for _ in range(31):
        assert (await asyncio.to_thread(check.ask)).state is PartState.READY
        written.add((await Heartbeat.objects.aget(pk=Heartbeat.ONLY)).written_at)
        clock.move_on(CACHE_SECONDS)
    assert len(written) == 1 + 60 // WRITE_SECONDS
    # It is still read each time.
    await Heartbeat.objects.all().adelete()
    assert (await asyncio.to_thread(check.ask)).state is PartState.READY
    assert await Heartbeat.objects.acount() == 1


async def test_it_reports_a_disk_that_is_nearly_full(client_for):
    async with client_for(disk_min_free_mb=10**12) as client:
        answer = await client.get("/health")
        assert (await client.get("/health/ready")).status_code == 200
    assert answer.status_code == 503
    assert answer.json()["failing"] == ["disk"]
    assert "`disk_min_free_mb`" in answer.json()["parts"]["disk"]["summary"]


async def test_it_measures_the_disk_of_a_folder_that_is_still_to_be_made(tmp_path):
    health = await disk_probe(tmp_path / "later" / "data", 1).health()
    assert health.state is PartState.READY
    assert health.details["free_bytes"] > 1_000_000


async def test_it_reports_a_redis_that_does_not_answer(make_services, client_for):
    async with client_for(redis_url="redis://127.0.0.1:1/0") as client:
        answer = await client.get("/health")
    assert answer.json()["parts"]["redis"]["state"] == "down"
    assert answer.status_code == 200  # only the shared live figures are gone


async def test_it_remembers_a_probes_answer_for_a_moment():
    asked, clock = [], StoppedClock()

    async def ask() -> PartHealth:
        asked.append(1)
        return READY

    probe = Probe("thing", ask, clock)
    for _ in range(5):
        assert await probe.health() == READY
    assert len(asked) == 1
    clock.move_on(CACHE_SECONDS)
    await probe.health()
    assert len(asked) == 2


async def test_the_monitor_is_content_with_an_older_answer(services):
    asked, clock = [], StoppedClock()

    async def ask() -> PartHealth:
        asked.append(1)
        return READY

    probes = {"thing": Probe("thing", ask, clock)}
    health = ServerHealth(services.config, services.sessions, {}, probes)
    await health.examine(HEALTH_MAX_AGE_SECONDS)
    clock.move_on(HEALTH_MAX_AGE_SECONDS - 1)
    assert (await health.examine(HEALTH_MAX_AGE_SECONDS)).parts == {"thing": READY}
    assert len(asked) == 1
    clock.move_on(1)
    await health.examine(HEALTH_MAX_AGE_SECONDS)
    assert len(asked) == 2


async def test_it_asks_something_that_hangs_only_once():
    asked = []

    async def ask() -> PartHealth:
        asked.append(1)
        await asyncio.Event().wait()
        return READY

    probe = Probe("thing", ask)
    first, second = await asyncio.gather(probe.health(), probe.health())
    assert first.state is second.state is PartState.DOWN
    assert len(asked) == 1


async def test_it_says_why_redis_is_down():
    health = await redis_probe("redis://127.0.0.1:1/0").health()
    assert health.state is PartState.DOWN
    assert "ConnectionError" in health.summary
