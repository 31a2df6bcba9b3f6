"""Live figures: collected, shared through the channel layer, bounded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer, get_channel_layer

from common.errors import Unavailable
from common.metrics import ERRORS, REGISTRY
from gateway_app.consumers import MonitorConsumer
from gateway_app.history.records import SynthesisRecord, TranscriptRecord
from gateway_app.monitor.loop_watch import PERIOD_SECONDS, LoopWatch
from gateway_app.monitor.monitor import (
    MAX_PROCESSES,
    MAX_SNAPSHOTS,
    WATCHER_QUEUE,
    Monitor,
)
from gateway_app.monitor.recent import (
    MAX_REQUESTS,
    MAX_TEXT,
    WINDOW_SECONDS,
    RecentPast,
)
from tests.clocks import StoppedClock
from tests.waiting import idle, until


class WatchedLayer(InMemoryChannelLayer):  # type: ignore[misc]
    """Tells when a message arrives, just before the receiver has it."""

    arrived: Callable[[], Any] = staticmethod(lambda: None)

    async def receive(self, channel: str) -> Any:
        message = await super().receive(channel)
        self.arrived()
        return message


def transcript(**fields: Any) -> TranscriptRecord:
    return TranscriptRecord("r1", "s1", "127.0.0.1", **fields)


@pytest.fixture
async def running(services):
    monitor = services.monitor
    await monitor.start()
    yield monitor
    await monitor.stop()


def test_it_finds_percentiles_of_the_last_quarter_hour():
    clock = StoppedClock()
    recent = RecentPast(show_texts=True, clock=clock)
    recent.record(transcript(stages_ms={"final": 9_999.0}))
    clock.move_on(WINDOW_SECONDS + 1)
    for milliseconds in range(1, 101):
        recent.record(transcript(stages_ms={"final": float(milliseconds)}))
    recent.record(SynthesisRecord("r2", "c", stages_ms={"first_audio": 120.0}))
    latencies = recent.latency_ms()
    assert latencies["final"].count == 100
    assert latencies["final"].p50 == pytest.approx(50, abs=1)
    assert latencies["final"].p95 == pytest.approx(95, abs=1)
    assert latencies["first_audio"].p50 == 120
    clock.move_on(WINDOW_SECONDS + 1)
    assert recent.latency_ms() == {}


def test_it_does_not_measure_speech_that_is_sent_again_in_another_format():
    recent = RecentPast(show_texts=True)
    for number, kind in enumerate(["pcm", "mp3", "pcm", "flac"]):
        stages = {"first_audio": 100.0 + number}
        recent.record(
            SynthesisRecord(
                "r2", "c", text_out="Hello.", audio_format=kind, stages_ms=stages
            )
        )
    recent.record(SynthesisRecord("r3", "c", text_out="Bye.", stages_ms={"total": 1}))
    assert recent.latency_ms()["first_audio"].count == 1
    assert len(recent.requests()) == 5


def test_it_counts_the_errors_of_the_last_hour():
    clock = StoppedClock()
    recent = RecentPast(show_texts=True, clock=clock)
    assert recent.errors_last_hour() == 0
    ERRORS.labels("overloaded").inc(3)
    ERRORS.labels("unauthorized").inc(50)
    ERRORS.labels("bad_value").inc(50)
    assert recent.errors_last_hour() == 3
    for _ in range(400):
        clock.move_on(10)
        recent.errors_last_hour()
    assert recent.errors_last_hour() == 0


def test_it_keeps_only_the_latest_requests():
    recent = RecentPast(show_texts=True)
    for number in range(1_000):
        recent.record(transcript(text=f"{number} " + "x" * 10_000))
    kept = recent.requests()
    assert len(kept) == MAX_REQUESTS
    assert kept[0].text.startswith("999 ")
    assert len(kept[0].text) == MAX_TEXT


def test_it_shows_texts_that_can_be_sent():
    recent = RecentPast(show_texts=True)
    recent.record(transcript(text="half a \ud83d character"))
    assert recent.requests()[0].text == "half a  character"


def test_it_shows_no_text_where_none_may_be_kept():
    recent = RecentPast(show_texts=False)
    recent.record(transcript(text="a secret"))
    recent.record(SynthesisRecord("r2", "c", text_in="a secret", text_out="a secret"))
    assert [request.text for request in recent.requests()] == ["", ""]


async def test_it_publishes_a_snapshot_each_second_to_its_group(running):
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("monitor", channel)
    message = await asyncio.wait_for(layer.receive(channel), 30)
    assert message["snapshot"]["type"] == "snapshot"
    assert message["snapshot"]["process"].startswith("web-")


async def test_it_tells_how_late_the_event_loop_was_at_worst(running):
    await asyncio.sleep(0.1)
    running_late_seconds = 0.3
    time.sleep(running_late_seconds)  # noqa: ASYNC251 - what must be noticed
    worst = 1000 * (running_late_seconds - PERIOD_SECONDS)
    await until(lambda: running.snapshot().loop_delay_ms >= worst)
    await until(lambda: running.snapshot().loop_delay_ms < worst)


async def test_it_counts_the_delays_of_the_event_loop():
    count = "voice_event_loop_delay_seconds_count"
    before = REGISTRY.get_sample_value(count) or 0.0
    task = asyncio.create_task(LoopWatch().run())
    began = time.monotonic()
    await until(lambda: (REGISTRY.get_sample_value(count) or 0.0) >= before + 3)
    task.cancel()
    counted = (REGISTRY.get_sample_value(count) or 0.0) - before
    assert counted <= (time.monotonic() - began) / PERIOD_SECONDS + 1


async def test_it_shows_what_the_server_does(services):
    services.monitor.recent.record(transcript(text="hello", stages_ms={"final": 300.0}))
    with services.sessions.open("stt"):
        snapshot = services.monitor.snapshot().model_dump()
    assert snapshot["sessions"] == {
        "stt": 1,
        "tts": 0,
        "voice": 0,
        "realtime": 0,
        "live": 0,
        "speak": 0,
        "wyoming": 0,
        "monitor": 0,
    }
    assert snapshot["latency_ms"]["final"] == {"p50": 300.0, "p95": 300.0, "count": 1}
    assert snapshot["queues"]["whisper"] == 0
    assert snapshot["memory_mb"]["server"][0] > 10
    assert snapshot["parts"]["whisper"]["state"] == "ready"
    assert snapshot["recent"][0]["text"] == "hello"


async def test_it_sends_the_history_and_then_snapshots(
    running, services, socket_to, transactional_db
):
    await until(lambda: bool(running.history()["snapshots"]))
    async with socket_to(MonitorConsumer, services) as socket:
        history = await socket.receive_json_from()
        assert history["type"] == "history"
        assert history["snapshots"]
        assert "recent" not in history["snapshots"][0]
        assert "parts" not in history["snapshots"][0]
        snapshot = await socket.receive_json_from()
        assert snapshot["type"] == "snapshot"
        assert snapshot["sessions"]["monitor"] == 1


async def test_it_shows_every_process(running):
    watch = running.watch()
    await anext(watch)
    other = {**running.snapshot().model_dump(), "process": "web-other"}
    message = {"type": "monitor.snapshot", "snapshot": other}
    await get_channel_layer().group_send("monitor", message)
    seen = {(await asyncio.wait_for(anext(watch), 30))["process"] for _ in range(3)}
    assert "web-other" in seen
    assert {s["process"] for s in running.history()["snapshots"]} >= seen
    await watch.aclose()


async def test_it_takes_no_messages_and_no_audio(services, socket_to):
    async with socket_to(MonitorConsumer, services) as socket:
        await socket.receive_json_from()
        await socket.send_to(text_data='{"type": "flush"}')
        assert (await socket.receive_json_from())["code"] == "bad_request"
        await socket.send_to(bytes_data=b"audio")
        assert (await socket.receive_json_from())["code"] == "bad_request"
        assert (await socket.receive_output())["code"] == 4400


def snapshot_of(monitor: Monitor, process: str, time: float) -> dict[str, Any]:
    return {**monitor.snapshot().model_dump(), "process": process, "time": time}


async def test_it_bounds_what_it_keeps(services):
    monitor = services.monitor
    plain = monitor.snapshot().model_dump()
    for second in range(MAX_SNAPSHOTS + 50):
        monitor._store({**plain, "process": "a", "time": float(second)})
    for number in range(MAX_PROCESSES + 10):
        monitor._store({**plain, "process": f"p{number}", "time": 950.0})
    assert len(monitor._snapshots) == MAX_PROCESSES
    assert len(monitor.history()["snapshots"]) == MAX_SNAPSHOTS
    times = [snapshot["time"] for snapshot in monitor.history()["snapshots"]]
    assert times == sorted(times)


async def test_it_forgets_processes_that_are_gone(services):
    monitor = services.monitor
    monitor._store(snapshot_of(monitor, "old", 0.0))
    monitor._store(snapshot_of(monitor, "new", MAX_SNAPSHOTS + 1.0))
    assert set(monitor._snapshots) == {"new"}


async def test_it_lets_a_slow_watcher_miss_the_oldest(services):
    monitor = services.monitor
    watch = monitor.watch()
    await anext(watch)
    waiting = asyncio.ensure_future(anext(watch))
    await idle()
    for number in range(100):
        monitor._broadcast({"number": number})
    first = (await waiting)["number"]
    assert first >= 100 - WATCHER_QUEUE - 1
    await watch.aclose()
    assert not monitor._watchers


LOST_REDIS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"]},
    }
}


async def test_it_ends_cleanly_when_redis_is_lost(services, socket_to, settings):
    monitor = services.monitor
    async with socket_to(MonitorConsumer, services) as socket:
        await socket.receive_json_from()
        settings.CHANNEL_LAYERS = LOST_REDIS
        await monitor.start()
        event = await socket.receive_json_from()
        assert (event["type"], event["code"]) == ("error", "unavailable")
        assert event["retry_after"] > 0
        assert (await socket.receive_output())["code"] == 4503
    with pytest.raises(Unavailable):
        await anext(monitor.watch())
    await monitor.stop()


async def test_it_stops_in_the_moment_in_which_a_snapshot_comes(
    services, settings, transactional_db
):
    backend = f"{__name__}.WatchedLayer"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend}}
    monitor = services.monitor
    stops: list[asyncio.Task[None]] = []
    get_channel_layer().arrived = lambda: stops.append(
        asyncio.create_task(monitor.stop())
    )
    await monitor.start()
    await until(lambda: bool(stops))
    await asyncio.wait_for(stops[0], 10)
    assert len(stops) == 1
