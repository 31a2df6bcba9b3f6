"""Partial texts and files have a worker of their own, and no final waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import psutil
import pytest

from common.config import LoadedConfig
from common.workers import Priority, Urgency
from stt_app.core.engine import TranscriptionRequest
from stt_app.core.whisper.engine import WhisperEngine
from tests.contracts.stt import final
from tests.stt.conftest import SENTENCE
from tests.waiting import until
from tests.word_errors import normalize

pytestmark = pytest.mark.model

LOADED_SECONDS = 60


@contextlib.asynccontextmanager
async def running(config: LoadedConfig, **changes: Any) -> AsyncIterator[WhisperEngine]:
    changed = config.config.model_copy(update=changes)
    engine = WhisperEngine(changed, changed)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


async def both_running(
    engine: WhisperEngine, utterance: TranscriptionRequest
) -> tuple[int, int]:
    """The process ids of the usual worker and of the one in the background."""
    await engine.transcribe(utterance, Urgency(Priority.INTERIM))
    await until(lambda: len(engine.stats().processes) == 2, LOADED_SECONDS)
    usual, background = engine.stats().processes
    return usual, background


async def test_its_worker_starts_when_it_is_needed_first(
    real_config: LoadedConfig, utterance: TranscriptionRequest
) -> None:
    async with running(real_config) as engine:
        await engine.transcribe(utterance, Urgency(Priority.FINAL))
        await engine.transcribe(utterance, Urgency(Priority.SPECULATIVE))
        assert len(engine.stats().processes) == 1
        usual, background = await both_running(engine, utterance)
        assert psutil.Process(background).nice() > psutil.Process(usual).nice()
        assert len(engine.stats().memory_mb) == 2
        found = await engine.transcribe(utterance, Urgency(Priority.FILE))
        assert normalize(found.text) == normalize(SENTENCE)
    assert not psutil.pid_exists(usual)
    assert not psutil.pid_exists(background)


async def test_no_final_waits_for_a_file(
    real_stt: WhisperEngine, utterance: TranscriptionRequest
) -> None:
    _, background = await both_running(real_stt, utterance)
    # However long the file takes: here for ever.
    os.kill(background, signal.SIGSTOP)
    try:
        file = asyncio.create_task(
            real_stt.transcribe(utterance, Urgency(Priority.FILE))
        )
        found = await asyncio.wait_for(real_stt.transcribe(utterance, final()), 30)
        assert normalize(found.text) == normalize(SENTENCE)
        assert not file.done()
    finally:
        os.kill(background, signal.SIGCONT)
    assert normalize((await file).text) == normalize(SENTENCE)


async def test_nothing_is_lost_when_its_worker_dies(
    real_stt: WhisperEngine, utterance: TranscriptionRequest
) -> None:
    _, background = await both_running(real_stt, utterance)
    os.kill(background, signal.SIGKILL)
    found = await real_stt.transcribe(utterance, Urgency(Priority.FILE))
    assert normalize(found.text) == normalize(SENTENCE)
    await until(lambda: len(real_stt.stats().processes) == 2, LOADED_SECONDS)
    assert background not in real_stt.stats().processes


async def test_it_can_be_stopped_while_its_worker_loads(
    real_config: LoadedConfig, utterance: TranscriptionRequest
) -> None:
    before = {each.pid for each in psutil.Process().children()}
    async with running(real_config) as engine:
        await engine.transcribe(utterance, Urgency(Priority.INTERIM))
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert {each.pid for each in psutil.Process().children()} <= before


async def test_it_can_be_turned_off(
    real_config: LoadedConfig, utterance: TranscriptionRequest
) -> None:
    async with running(real_config, whisper_background=False) as engine:
        found = await engine.transcribe(utterance, Urgency(Priority.INTERIM))
        assert normalize(found.text) == normalize(SENTENCE)
        assert len(engine.stats().processes) == 1
