"""What `manage.py talk` does: a conversation with devices, or with prepared lines."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from voiceproject.talk.client import TalkClient, conversation
from voiceproject.talk.devices import Choice, devices, sound_library
from voiceproject.talk.display import Display, JsonLines
from voiceproject.talk.script import STANDARD_INPUT, Line, Pacing, Script
from voiceproject.talk.sound import (
    REPLY_RATE_HZ,
    FileMicrophone,
    Loudspeaker,
    Microphone,
    TimedLoudspeaker,
    WavRecording,
)

TALK = (
    "Speak; headphones work best. Type a line to write instead, press Enter to stop a "
    "reply, and Ctrl-C to end."
)


@dataclass(frozen=True)
class TalkOptions:
    """What the user has chosen."""

    url: str
    """Of `/ws/voice`."""
    key: str = ""
    session: dict[str, Any] = field(default_factory=dict)
    """Changes for `session.update`."""
    lines: tuple[Line, ...] = ()
    """Without any it is a conversation with microphone and loudspeaker."""
    pacing: Pacing = field(default_factory=Pacing)
    out: Path | None = None
    as_json: bool = False
    devices: Choice = field(default_factory=Choice)


class Program:
    """Runs one conversation, and prints it."""

    def __init__(self, options: TalkOptions, out: TextIO, typed: TextIO) -> None:
        """`typed` is where lines are read that a user types."""
        self._options = options
        self._typed = typed
        self._display: Display | JsonLines = (
            JsonLines(out, time.perf_counter())
            if options.as_json
            else Display(out, is_live=out.isatty())
        )

    async def run(self) -> list[str]:
        """Run it. Returns the names of the lines that got no reply.

        Raises NoServer, Refused, NoSound, and OSError if the recording cannot be written.
        """
        with contextlib.ExitStack() as stack:
            stack.callback(self._display.close)
            if self._options.lines:
                recording = self._record(stack, REPLY_RATE_HZ)
                return await self._say_lines(TimedLoudspeaker(recording))
            pair = stack.enter_context(
                devices(
                    sound_library(),
                    self._options.devices,
                    partial(self._record, stack),
                )
            )
            await self._talk(*pair)
        return []

    async def _say_lines(self, loudspeaker: Loudspeaker) -> list[str]:
        microphone = FileMicrophone()
        async with self._conversation(microphone, loudspeaker) as client:
            script = Script(
                client, microphone, self._options.pacing, self._display.wrote
            )
            await script.run(self._lines())
        return script.unanswered

    async def _talk(self, microphone: Microphone, loudspeaker: Loudspeaker) -> None:
        """Until the connection ends, or the user ends it."""
        async with self._conversation(microphone, loudspeaker) as client:
            self._display.note(TALK)
            async for text in typed_lines(self._typed):
                if text:
                    self._display.wrote(text)
                    await client.write(text)
                else:
                    await client.stop()
            await client.wait_until(lambda: False)

    def _conversation(
        self, microphone: Microphone, loudspeaker: Loudspeaker
    ) -> AbstractAsyncContextManager[TalkClient]:
        chosen = self._options
        return conversation(
            *(chosen.url, microphone, loudspeaker, self._display),
            session=chosen.session,
            key=chosen.key,
        )

    async def _lines(self) -> AsyncGenerator[Line, None]:
        for line in self._options.lines:
            if line.audio is not None or line.name != STANDARD_INPUT:
                yield line
                continue
            async for text in typed_lines(self._typed):
                if text:
                    yield Line(text)

    def _record(self, stack: contextlib.ExitStack, rate_hz: int) -> WavRecording | None:
        if self._options.out is None:
            return None
        recording = WavRecording(self._options.out, rate_hz)
        stack.callback(recording.close)
        return recording


async def typed_lines(source: TextIO) -> AsyncGenerator[str, None]:
    """The lines as they are typed, until the input ends."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        # A daemon thread: nothing can end a read from a terminal.
        with contextlib.suppress(RuntimeError):  # The loop has ended.
            for line in source:
                loop.call_soon_threadsafe(lines.put_nowait, line.strip())
            loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True, name="typed-lines").start()
    while (line := await lines.get()) is not None:
        yield line
