"""A scripted conversation: recordings and texts, said one after the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from common.audio import Audio
from voiceproject.talk.client import TalkClient
from voiceproject.talk.sound import FileMicrophone

STANDARD_INPUT = "-"
"""As a text: each line of it is a text."""
UNNOTICED_SECONDS = 5.0
"""A recording in which the server has not noticed any speech by then has none."""


@dataclass(frozen=True, eq=False)
class Line:
    """One line of the script: a recording or a typed text."""

    name: str
    audio: Audio | None = None
    """None: `name` is the text."""


@dataclass(frozen=True)
class Pacing:
    """When the next line is said."""

    pause_seconds: float = 1.0
    """After a reply was heard."""
    interrupt_seconds: float | None = None
    """Into the reply, that long after its first sound."""
    answer_seconds: float = 60.0
    """A line without a reply after that is given up."""


class Script:
    """Says the lines, each when the reply to the one before was heard."""

    def __init__(
        self,
        client: TalkClient,
        microphone: FileMicrophone,
        pacing: Pacing,
        wrote: Callable[[str], None],
    ) -> None:
        """`wrote` is called with each text that is sent."""
        self._wrote = wrote
        self._client = client
        self._state = client.state
        self._microphone = microphone
        self._pacing = pacing
        self.unanswered: list[str] = []
        """Names of the lines that got no reply."""

    async def run(self, lines: AsyncIterator[Line]) -> None:
        """Say them all. Raises Refused when the connection ends."""
        said: Line | None = None
        audible = over = 0
        async for line in lines:
            if said is not None:
                await self._hear(said, audible, over, may_interrupt=True)
            audible, over = self._state.audible, self._state.over
            await self._say(line)
            said = line
        if said is not None:
            await self._hear(said, audible, over, may_interrupt=False)

    async def _say(self, line: Line) -> None:
        if line.audio is None:
            self._wrote(line.name)
            await self._client.write(line.name)
        else:
            await self._microphone.say(line.audio)

    async def _hear(
        self, line: Line, audible: int, over: int, *, may_interrupt: bool
    ) -> None:
        """Return when the next line is due; the numbers are those before this one."""
        into = self._pacing.interrupt_seconds
        try:
            async with asyncio.timeout(self._pacing.answer_seconds):
                await self._wait_until_heard(audible, over)
            if may_interrupt and into is not None and self._state.audible > audible:
                await self._wait_into_reply(into)
            else:
                await self._wait_until_quiet()
        except TimeoutError:
            pass
        if self._state.audible == audible:
            self.unanswered.append(line.name)

    async def _wait_until_heard(self, audible: int, over: int) -> None:
        """Until a reply sounds, or there will be none."""

        def is_decided() -> bool:
            return self._state.audible > audible or self._state.over > over

        def is_noticed() -> bool:
            return is_decided() or self._state.floor != "listening"

        await self._client.wait_until(is_noticed, UNNOTICED_SECONDS)
        await self._client.wait_until(is_decided)

    async def _wait_into_reply(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await self._client.wait_until(lambda: self._state.reply is None, seconds)

    async def _wait_until_quiet(self) -> None:
        """Until nobody has spoken for the pause."""
        while True:
            await self._client.wait_until(lambda: self._state.floor == "listening")
            with contextlib.suppress(TimeoutError):
                await self._client.wait_until(
                    lambda: self._state.floor != "listening",
                    self._pacing.pause_seconds,
                )
                continue
            return
