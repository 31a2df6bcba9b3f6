"""A conversation over `/ws/voice`: microphone, loudspeaker, and what is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from common.audio import SPEECH_RATE_HZ, Samples, float_to_pcm16
from voiceproject.talk.connection import Refused, connected, why_closed
from voiceproject.talk.sound import FRAME_SECONDS, Loudspeaker, Microphone
from voiceproject.talk.state import QUIET, TalkState
from voiceproject.talk.told import Problem, Told

REPORT_SECONDS = 0.2
_KEPT_FRAMES = 6_000
"""Frames whose time is known: 2 minutes."""


class Listener(Protocol):
    """Is told everything at the moment it happens; times are of `time.perf_counter`."""

    def event(self, event: dict[str, Any], at: float) -> None:
        """A message of the server."""

    def audio(self, number: int, samples: Samples, at: float) -> None:
        """Audio of the reply with that number has arrived."""

    def told(self, told: Told, at: float) -> None:
        """Something to tell the user."""


class TalkClient:
    """One conversation; `conversation` opens it."""

    def __init__(
        self,
        socket: ClientConnection,
        microphone: Microphone,
        loudspeaker: Loudspeaker,
        listener: Listener,
        *,
        reports: bool = True,
    ) -> None:
        """`reports`: tell the server how much was played."""
        self.socket = socket
        self.state = TalkState(loudspeaker.playback, self._captured)
        self._microphone = microphone
        self._loudspeaker = loudspeaker
        self._listener = listener
        self._reports = reports
        self._reported_at = 0.0
        self._sent_ms = 0.0
        self._captures: deque[tuple[float, float]] = deque(maxlen=_KEPT_FRAMES)
        """The end of each frame in milliseconds of audio, and when it was recorded."""
        self._changed = asyncio.Condition()
        self._is_closed = False
        self._error = ""
        self._failure: Refused | None = None

    async def send(self, kind: str, **fields: Any) -> None:
        """Send an event. Raises Refused when the connection has ended."""
        try:
            await self.socket.send(json.dumps({"type": kind, **fields}))
        except ConnectionClosed as closed:
            raise Refused(why_closed(closed, self._error)) from closed

    async def write(self, text: str) -> None:
        """Say something typed, which ends a reply."""
        await self.stop()
        content = [{"type": "input_text", "text": text}]
        item = {"type": "message", "role": "user", "content": content}
        self.state.typed(time.perf_counter())
        await self.send("conversation.item.create", item=item)
        await self.send("response.create")

    async def stop(self) -> None:
        """End the reply, if there is one."""
        self._loudspeaker.advance()
        await self._report()
        if self.state.stop() is not None:
            await self.send("response.cancel", event_id=QUIET)

    async def wait_until(
        self, holds: Callable[[], bool], seconds: float | None = None
    ) -> None:
        """Return when it holds. Raises TimeoutError, and Refused when the connection ends."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: self._is_closed or holds())
        if not holds():
            raise self._failure or Refused("The server has ended the conversation.")

    async def listen(self) -> None:
        """Take what comes until the connection ends."""
        try:
            async for message in self.socket:
                await self._take(message, time.perf_counter())
        except ConnectionClosed as closed:
            self._failure = Refused(why_closed(closed, self._error))
        finally:
            async with self._changed:
                self._is_closed = True
                self._changed.notify_all()

    async def speak(self) -> None:
        """Send what the microphone records until the connection ends."""
        with contextlib.suppress(ConnectionClosed):
            async with contextlib.aclosing(self._microphone.frames()) as frames:
                async for frame in frames:
                    self._sent_ms += 1000 * len(frame) / self._microphone.rate_hz
                    self._captures.append((self._sent_ms, time.perf_counter()))
                    await self.socket.send(float_to_pcm16(frame))

    async def play(self) -> None:
        """Follow the loudspeaker until the connection ends."""
        with contextlib.suppress(ConnectionClosed, Refused):
            while True:
                await asyncio.sleep(FRAME_SECONDS)
                await self._progress()
                if time.perf_counter() - self._reported_at >= REPORT_SECONDS:
                    await self._report()

    async def _take(self, message: str | bytes, now: float) -> None:
        # What was played before the message is played as if it had not come.
        await self._progress()
        if isinstance(message, bytes):
            number, samples = self.state.sound(message)
            self._listener.audio(number, samples, now)
        else:
            event = json.loads(message)
            self._listener.event(event, now)
            for told in self.state.take(event):
                self._tell(told, now)
        async with self._changed:
            self._changed.notify_all()

    async def _progress(self) -> None:
        self._loudspeaker.advance()
        found = list(self.state.progress(self._loudspeaker.lag_seconds))
        for told in found:
            self._tell(told, time.perf_counter())
        if found:
            async with self._changed:
                self._changed.notify_all()

    def _tell(self, told: Told, at: float) -> None:
        if isinstance(told, Problem):
            self._error = told.message
        self._listener.told(told, at)

    async def _report(self) -> None:
        reply = self.state.reply
        if reply is None or not reply.is_audible or not self._reports:
            return
        self._reported_at = time.perf_counter()
        played = self._loudspeaker.playback.played_seconds(reply.number)
        heard_ms = round(1000 * max(0.0, played - self._loudspeaker.lag_seconds))
        ids = {"event_id": QUIET, "response_id": reply.response_id}
        await self.send("x.played", **ids, ms=heard_ms)

    def _captured(self, position_ms: float) -> float | None:
        """When that position of the audio was recorded; None if that is long ago."""
        for end_ms, at in self._captures:
            if end_ms >= position_ms:
                return at - (end_ms - position_ms) / 1000
        return None


@contextlib.asynccontextmanager
async def conversation(
    url: str,
    microphone: Microphone,
    loudspeaker: Loudspeaker,
    listener: Listener,
    *,
    session: dict[str, Any] | None = None,
    key: str = "",
    reports: bool = True,
) -> AsyncIterator[TalkClient]:
    """A conversation that has begun, with the microphone open.

    `url` is that of `/ws/voice`, and `session` the changes for `session.update`.
    Raises NoServer, and Refused when the server does not accept it.
    """
    async with connected(url, key) as socket:
        seen = _Beginning(listener)
        client = TalkClient(socket, microphone, loudspeaker, seen, reports=reports)
        tasks = [asyncio.create_task(client.listen())]
        try:
            await client.wait_until(lambda: "session.created" in seen.kinds, 60)
            if changes := _with_rate(session or {}, microphone.rate_hz):
                await client.send("session.update", session=changes)
                await client.wait_until(seen.is_configured, 60)
            if seen.refusal:
                raise Refused(seen.refusal)
            seen.is_over = True
            tasks.append(asyncio.create_task(client.speak()))
            tasks.append(asyncio.create_task(client.play()))
            yield client
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            loudspeaker.advance()


def _with_rate(session: dict[str, Any], rate_hz: int) -> dict[str, Any]:
    """The changes with the rate of the microphone, if it is not the usual one."""
    if rate_hz == SPEECH_RATE_HZ:
        return session
    audio = session.get("audio", {})
    sent = {**audio.get("input", {}), "format": {"type": "audio/pcm", "rate": rate_hz}}
    return {**session, "audio": {**audio, "input": sent}}


class _Beginning:
    """Passes everything on, and sees how the conversation begins."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.kinds: set[str] = set()
        self.refusal = ""
        self.is_over = False

    def is_configured(self) -> bool:
        return bool(self.refusal) or "session.updated" in self.kinds

    def event(self, event: dict[str, Any], at: float) -> None:
        if not self.is_over:
            self.kinds.add(event["type"])
        self._listener.event(event, at)

    def audio(self, number: int, samples: Samples, at: float) -> None:
        self._listener.audio(number, samples, at)

    def told(self, told: Told, at: float) -> None:
        if isinstance(told, Problem) and not self.is_over:
            self.refusal = told.message  # It is raised.
            return
        self._listener.told(told, at)
