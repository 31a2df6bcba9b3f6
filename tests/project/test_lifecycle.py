"""The services of a process start and stop side by side, whatever one of them does."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from structlog.testing import capture_logs

from common.errors import EngineFailed
from common.services import Services
from tests.llm.helpers import PATIENCE_SECONDS
from voiceproject.lifecycle import Managed, ServerProcess


def process(*managed: Managed, stop_seconds: float = 5.0) -> ServerProcess:
    return ServerProcess(Services(), managed, stop_seconds)


def failing(message: str, *, needed: bool) -> Managed:
    async def start() -> None:
        raise EngineFailed(message)

    return Managed(message, start, needed=needed)


async def forever() -> None:
    await asyncio.Event().wait()


def meeting(*names: str) -> tuple[list[Any], list[str]]:
    """Steps that go on only when all of them have begun, and what has ended."""
    barrier, ended = asyncio.Barrier(len(names)), []

    def step(name: str) -> Any:
        async def run() -> None:
            await barrier.wait()
            ended.append(name)

        return run

    return [step(name) for name in names], ended


async def test_they_start_side_by_side() -> None:
    steps, ended = meeting("stt", "tts", "llm")
    services = [Managed("service", step) for step in steps]
    await asyncio.wait_for(process(*services).start(), 5)
    assert sorted(ended) == ["llm", "stt", "tts"]


async def test_everything_needed_that_is_missing_is_said_at_once() -> None:
    services = [
        failing("No model.", needed=True),
        failing("No voice.", needed=True),
        failing("No Ollama.", needed=False),
    ]
    with capture_logs() as logs, pytest.raises(EngineFailed) as failed:
        await process(*services).start()
    assert failed.value.message == "No model.\nNo voice."
    assert [line["reason"] for line in logs] == ["No Ollama."]


async def test_a_mistake_at_the_start_is_not_hidden() -> None:
    async def start() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await process(Managed("broken", start)).start()


async def test_they_stop_side_by_side_and_the_history_last() -> None:
    steps, ended = meeting("stt", "tts")

    async def stop_history() -> None:
        ended.append("history")

    await asyncio.wait_for(
        process(
            Managed("history", stop=stop_history, stops_last=True),
            *(Managed("service", stop=step) for step in steps),
        ).stop(),
        5,
    )
    assert sorted(ended[:2]) == ["stt", "tts"]
    assert ended[2:] == ["history"]


async def test_what_serves_requests_starts_when_the_others_have() -> None:
    steps, ended = meeting("stt", "tts")

    async def listen() -> None:
        ended.append("wyoming")

    await asyncio.wait_for(
        process(
            Managed("wyoming", listen, starts_last=True),
            *(Managed("service", step) for step in steps),
        ).start(),
        5,
    )
    assert ended[2:] == ["wyoming"]


async def test_what_serves_requests_does_not_start_without_what_is_needed() -> None:
    started = []

    async def listen() -> None:
        started.append("wyoming")

    with pytest.raises(EngineFailed):
        await process(
            Managed("wyoming", listen, starts_last=True),
            failing("No model.", needed=True),
        ).start()
    assert started == []


async def test_it_stops_accepting_before_it_stops() -> None:
    asked = []

    async def stop_accepting() -> None:
        asked.append("no more")

    running = process(Managed("wyoming", stop_accepting=stop_accepting), Managed("stt"))
    await running.stop_accepting()
    assert asked == ["no more"]


async def test_the_engines_can_stop_before_the_rest() -> None:
    stopped = []

    def stops(name: str) -> Any:
        async def stop() -> None:
            stopped.append(name)

        return stop

    await process(
        Managed("history", stop=stops("history"), stops_last=True),
        Managed("stt", stop=stops("stt"), is_engine=True),
        Managed("monitor", stop=stops("monitor")),
        Managed("llm", stop=stops("llm"), is_engine=True),
    ).stop_engines()
    assert sorted(stopped) == ["llm", "stt"]


async def test_one_that_ignores_its_cancellation_is_abandoned() -> None:
    free = asyncio.Event()

    async def stubborn() -> None:
        while not free.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await free.wait()

    stopping = process(Managed("stubborn", stop=stubborn), stop_seconds=0.05).stop()
    await asyncio.wait_for(stopping, PATIENCE_SECONDS)
    free.set()


async def test_one_that_hangs_or_fails_keeps_no_other_from_stopping() -> None:
    stopped = []

    async def stop_history() -> None:
        stopped.append("history")

    async def fail() -> None:
        raise RuntimeError("broken")

    with capture_logs() as logs:
        await process(
            Managed("history", stop=stop_history, stops_last=True),
            Managed("whisper", stop=forever),
            Managed("piper", stop=fail),
            stop_seconds=0.05,
        ).stop()
    assert stopped == ["history"]
    assert {(line["event"], line["service"]) for line in logs} == {
        ("service hangs", "whisper"),
        ("service did not stop", "piper"),
    }
