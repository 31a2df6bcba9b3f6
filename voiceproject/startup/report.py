"""What the terminal, or the log, says while the server starts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TextIO

import structlog

from common.models.transfer import download_is_shown
from common.services import Services
from voiceproject.startup.summary import facts, summary, url

log = structlog.get_logger(__name__)

TITLES = {
    "stt": "Speech to text",
    "tts": "Text to speech",
    "llm": "Language model",
}
"""What the services are called that load something."""
REDRAW_SECONDS = 0.5
CLEAR_LINE = "\r\x1b[2K"


@dataclass(frozen=True)
class Started:
    """What the start summary is made of."""

    services: Services
    host: str
    port: int
    seconds: float


class StartReport(Protocol):
    """Called with the progress of the start."""

    def listening(self, address: str, names: Sequence[str]) -> None:
        """The server answers at this address, and loads the engines of these names."""

    def loaded(self, name: str, seconds: float) -> None:
        """An engine has loaded."""

    def ready(self, started: Started) -> None:
        """The server takes work."""

    def close(self) -> None:
        """The start is over, well or not. Safe to call twice."""


class LogReport:
    """One structured event for each step."""

    def listening(self, address: str, names: Sequence[str]) -> None:
        log.info("server loading", url=address, parts=list(names))

    def loaded(self, name: str, seconds: float) -> None:
        log.info("part loaded", part=name, seconds=round(seconds, 1))

    def ready(self, started: Started) -> None:
        address = url(started.host, started.port)
        log.info("server ready", url=address, **facts(started.services))

    def close(self) -> None:
        pass


class TerminalReport:
    """A line for each step; on a terminal also one that counts the seconds."""

    def __init__(self, out: TextIO, *, is_live: bool) -> None:
        self._out = out
        self._is_live = is_live
        self._waiting: list[str] = []
        self._began = time.monotonic()
        self._redrawing: asyncio.Task[None] | None = None

    def listening(self, address: str, names: Sequence[str]) -> None:
        self._waiting = list(names)
        self._began = time.monotonic()
        self._say(f"Loading the models. {address}/ already shows how far it is.")
        if self._is_live:
            self._redrawing = asyncio.create_task(self._redraw())

    def loaded(self, name: str, seconds: float) -> None:
        if name in self._waiting:
            self._waiting.remove(name)
        self._say(f"  {TITLES.get(name, name)}: loaded in {seconds:.1f} s")

    def ready(self, started: Started) -> None:
        self.close()
        self._say(
            summary(started.services, started.host, started.port, started.seconds)
        )

    def close(self) -> None:
        if self._redrawing is not None:
            self._redrawing.cancel()
            self._redrawing = None
            self._write(CLEAR_LINE)

    def _say(self, line: str) -> None:
        clear = CLEAR_LINE if self._redrawing else ""
        self._write(f"{clear}{line}\n")

    async def _redraw(self) -> None:
        while self._waiting:
            seconds = time.monotonic() - self._began
            titles = ", ".join(TITLES.get(name, name) for name in self._waiting)
            # What a download or the log writes meanwhile goes over this line.
            if not download_is_shown():
                self._write(f"{CLEAR_LINE}  {titles}: loading, {seconds:.0f} s\r")
            await asyncio.sleep(REDRAW_SECONDS)

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
