"""Services stop side by side and within bounds, the history last."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from voiceproject.engines import stop_engines, stop_services

BOUND_SECONDS = 0.3


class Part:
    """Something that stops, sooner or later, and says when in the order."""

    def __init__(
        self, name: str, order: list[str], seconds: float = 0.0, *, fails: bool = False
    ) -> None:
        self._name = name
        self._order = order
        self._seconds = seconds
        self._fails = fails

    async def stop(self) -> None:
        await asyncio.sleep(self._seconds)
        if self._fails:
            raise OSError("it fails")
        self._order.append(self._name)


async def test_the_history_stops_when_all_others_have() -> None:
    order: list[str] = []
    services: dict[str, Any] = {
        "history": Part("history", order),
        "settings": object(),
        "tts": Part("tts", order, 0.1),
        "stt": Part("stt", order, 0.2),
    }
    await stop_services(services)
    assert order == ["tts", "stt", "history"]


async def test_they_stop_side_by_side() -> None:
    order: list[str] = []
    services = {str(number): Part(str(number), order, 0.3) for number in range(10)}
    began = time.monotonic()
    await stop_services(services)
    assert time.monotonic() - began < 1.5
    assert len(order) == 10


async def test_neither_what_hangs_nor_what_fails_keeps_the_history() -> None:
    order: list[str] = []
    services = {
        "history": Part("history", order),
        "stt": Part("stt", order, 60),
        "tts": Part("tts", order, fails=True),
        "llm": Part("llm", order),
    }
    began = time.monotonic()
    await stop_services(services, BOUND_SECONDS)
    assert time.monotonic() - began < BOUND_SECONDS + 1
    assert order == ["llm", "history"]


async def test_the_engines_can_stop_before_the_rest() -> None:
    order: list[str] = []
    names = ("history", "streams", "stt", "tts", "llm", "monitor")
    await stop_engines({name: Part(name, order) for name in names})
    assert sorted(order) == ["llm", "stt", "tts"]
