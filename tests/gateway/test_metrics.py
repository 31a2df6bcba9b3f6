"""`GET /metrics`: Prometheus' text, fresh at each scrape."""

from __future__ import annotations

import contextlib

from prometheus_client.parser import text_string_to_metric_families


async def scrape(client):
    answer = await client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_it_shows_open_sessions_and_queues(services, client):
    kinds = ("stt", "voice", "live")  # the last two are conversations
    with services.sessions.open("stt"), contextlib.ExitStack() as stack:
        for kind in kinds:
            stack.enter_context(services.sessions.open(kind))
        figures = await scrape(client)
        shown = [figures["voice_active_sessions", kind] for kind in kinds]
        assert shown == [2, 1, 1]
    figures = await scrape(client)
    assert figures["voice_active_sessions", "stt"] == 0
    assert figures["voice_queue_depth", "whisper"] == 0


async def test_it_shows_jobs_and_memory_of_the_workers(services, client):
    services.stt.queued = 3
    services.stt.memory_mb = [380.0, 390.0]
    figures = await scrape(client)
    assert figures["voice_queue_depth", "whisper"] == 3
    assert figures["voice_process_memory_bytes", "1", "whisper"] == 380e6
    assert figures["voice_process_memory_bytes", "2", "whisper"] == 390e6
    assert figures["voice_process_memory_bytes", "1", "server"] > 10e6
    services.stt.memory_mb = [380.0]
    figures = await scrape(client)
    assert ("voice_process_memory_bytes", "2", "whisper") not in figures


async def test_it_counts_errors_by_code(client):
    before = (await scrape(client)).get(("voice_errors_total", "not_found"), 0)
    await client.get("/nowhere")
    assert (await scrape(client))["voice_errors_total", "not_found"] == before + 1


async def test_it_counts_requests(client):
    await client.get("/health/live")
    figures = await scrape(client)
    labels = ("/health/live", "200", "GET", "anonymous")
    assert figures[("voice_http_requests_total", *labels)] >= 1
    assert figures["voice_http_request_seconds_count", "/health/live"] >= 1


async def test_it_says_how_the_server_is(services, client):
    figures = await scrape(client)
    assert figures[("voice_ready",)] == 1
    assert figures["voice_part_up", "piper"] == 1
    assert figures[("voice_disk_free_bytes",)] > 0
    assert figures[("voice_history_waiting",)] == 0
    await services.tts.stop()
    figures = await scrape(client)
    assert figures[("voice_ready",)] == 0
    assert figures["voice_part_up", "piper"] == 0


async def test_it_counts_wrong_keys(client_for):
    async with client_for(api_keys=["right"]) as client:
        key = {"X-API-Key": "right"}

        async def count() -> float:
            answer = await client.get("/metrics", headers=key)
            line = 'voice_failed_logins_total{kind="key"} '
            found = [x for x in answer.text.splitlines() if x.startswith(line)]
            return float(found[0].removeprefix(line)) if found else 0.0

        before = await count()
        await client.get("/health", headers={"X-API-Key": "wrong"})
        assert await count() == before + 1
