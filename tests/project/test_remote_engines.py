"""A server whose engines are at another server: it loads no models, and waits for none."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psutil
import pytest

from common.engine import PartState
from gateway_app.services import GatewayServices
from tests.fake_services import loaded_config
from tests.servers.audio import AudioServer
from tests.waiting import until
from voiceproject.lifecycle import ServerProcess
from voiceproject.services import build_services

START_SECONDS = 5.0
"""Far less than any model takes on a busy machine."""


@asynccontextmanager
async def running(url: str, **settings: Any) -> AsyncIterator[ServerProcess]:
    options = {"url": url, "check_seconds": 0.05}
    process = build_services(
        loaded_config(
            stt_engine="http",
            stt_engine_options=options,
            tts_engine="http",
            tts_engine_options=options,
            llm_backend="none",
            store_history=False,
            **settings,
        )
    )
    try:
        await process.start()
        yield process
    finally:
        await process.stop()


def states(process: ServerProcess) -> dict[str, PartState]:
    parts = process.services[GatewayServices].health.parts()
    return {name: parts[name].state for name in ("whisper", "piper")}


@pytest.mark.usefixtures("transactional_db")
async def test_it_starts_no_worker_processes() -> None:
    with AudioServer() as server:
        before = set(psutil.Process().children(recursive=True))
        began = time.monotonic()
        async with running(server.url) as process:
            assert time.monotonic() - began < START_SECONDS
            assert set(states(process).values()) == {PartState.READY}
            # One of an earlier test may end meanwhile.
            assert set(psutil.Process().children(recursive=True)) <= before


@pytest.mark.usefixtures("transactional_db")
async def test_it_starts_before_the_other_server_and_finds_it_later() -> None:
    with AudioServer() as server:
        server.vanish()
        async with running(server.url) as process:
            health = process.services[GatewayServices].health
            report = await health.examine()
            assert set(report.failing) >= {"whisper", "piper"}
            assert report.http_status == 503
            assert not report.ready
            server.listen()
            await until(lambda: set(states(process).values()) == {PartState.READY})
            report = await health.examine()
            assert {"whisper", "piper"}.isdisjoint(report.failing)
            assert report.ready
