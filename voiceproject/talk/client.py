"""A conversation over `/ws/voice`, with a microphone and a loudspeaker."""

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

from common.audio import SPEECH_RATE_HZ, Samples
from voiceproject.talk.connection import NoServer, Refused, why_closed
from voiceproject.talk.events import Lost, Problem, Resumed, TalkEvent
from voiceproject.talk.recorded import KEPT_FRAMES, Recorded
from voiceproject.talk.resuming import Connector
from voiceproject.talk.sound import FRAME_SECONDS, Loudspeaker, Microphone
from voiceproject.talk.state import QUIET, TalkState

REPORT_SECONDS = 0.2


class Listener(Protocol):
    """Called with everything as it happens; times are of `time.perf_counter`."""

    def event(self, event: dict[str, Any], at: float) -> None:
        """A message of the server."""

    def audio(self, number: int, samples: Samples, at: float) -> None:
        """Audio of the reply with that number has arrived."""

    def happened(self, talk_event: TalkEvent, at: float) -> None:
        """An event for the user."""


class TalkClient:
    """One conversation; `conversation` opens it."""

    def __init__(
        self,
        connector: Connector,
        socket: ClientConnection,
        microphone: Microphone,
        loudspeaker: Loudspeaker,
        listener: Listener,
        *,
        reports: bool = True,
    ) -> None:
        """`connector` has opened `socket`, and reconnects when it is lost.
        `reports`: tell the server how much was played."""
        self.socket = socket
        self._recorded = Recorded(microphone.rate_hz)
        self.state = TalkState(loudspeaker.playback, self._recorded.captured)
        self._connector = connector
        self._token = ""
        self._is_online = True
        self._microphone = microphone
        self._loudspeaker = loudspeaker
        self._listener = listener
        self._reports = reports
        self._reported_at = 0.0
        self._unsent: deque[bytes] = deque(maxlen=KEPT_FRAMES)
        self._changed = asyncio.Condition()
        self._is_closed = False
        self._error = ""
        self._failure: Refused | None = None

    async def send(self, kind: str, **fields: Any) -> None:
        """Send an event; while the connection is lost, when there is one again.

        Raises Refused when the conversation has ended.
        """
        while True:
            await self.wait_until(lambda: self._is_online)
            socket = self.socket
            try:
                return await socket.send(json.dumps({"type": kind, **fields}))
            except ConnectionClosed:
                await self.wait_until(lambda: self.socket is not socket)  # noqa: B023

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
            await self._try_send("response.cancel")

    async def wait_until(
        self, holds: Callable[[], bool], seconds: float | None = None
    ) -> None:
        """Return when it holds. Raises TimeoutError, and Refused when the conversation
        ends."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: self._is_closed or holds())
        if not holds():
            raise self._failure or Refused("The server has ended the conversation.")

    async def listen(self) -> None:
        """Receive messages until the conversation ends."""
        try:
            while await self._is_lost():
                await self._return()
        except (NoServer, Refused) as error:
            self._failure = Refused(str(error))
        finally:
            self._is_closed, self._is_online = True, False
            await self._notify()

    async def speak(self) -> None:
        """Send what the microphone records until the conversation ends."""
        async with contextlib.aclosing(self._microphone.frames()) as frames:
            async for frame in frames:
                self._unsent.append(self._recorded.add(frame, time.perf_counter()))
                await self._send_audio()

    async def play(self) -> None:
        """Follow the loudspeaker until the conversation ends."""
        while True:
            await asyncio.sleep(FRAME_SECONDS)
            await self._progress()
            if time.perf_counter() - self._reported_at >= REPORT_SECONDS:
                await self._report()

    async def _is_lost(self) -> bool:
        """Receive messages until the connection ends. Returns whether the conversation
        can go on: nobody has ended it."""
        try:
            async for message in self.socket:
                await self._take(message, time.perf_counter())
        except ConnectionClosed as closed:
            if closed.rcvd is None and self._token:
                return True
            self._failure = Refused(why_closed(closed, self._error))
        return False

    async def _return(self) -> None:
        """Reconnect. Raises NoServer and Refused."""
        self._is_online = False
        self._loudspeaker.advance()
        self.state.lost()
        self._tell(Lost(), time.perf_counter())
        self.socket, event = await self._connector.reconnect(self._token)
        session = event["session"]
        self._unsent.clear()
        self._unsent.extend(self._recorded.after(session["x.audio_ms"]))
        self.state.resumed(session["x.items"])
        now = time.perf_counter()
        self._listener.event(event, now)
        self._tell(Resumed(), now)
        self._is_online = True
        await self._notify()

    async def _send_audio(self) -> None:
        # What a lost connection did not transmit is still in the recording.
        with contextlib.suppress(ConnectionClosed):
            while self._unsent and self._is_online:
                await self.socket.send(self._unsent.popleft())

    async def _try_send(self, kind: str, **fields: Any) -> None:
        """Send an event that may be lost, or refused."""
        message = json.dumps({"type": kind, "event_id": QUIET, **fields})
        with contextlib.suppress(ConnectionClosed):
            await self.socket.send(message)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _take(self, message: str | bytes, now: float) -> None:
        # What was played before the message is played as if it had not come.
        await self._progress()
        if isinstance(message, bytes):
            number, samples = self.state.sound(message)
            self._listener.audio(number, samples, now)
        else:
            event = json.loads(message)
            if event["type"] == "session.created":
                self._token = event["session"].get("x.resume_token", "")
            self._listener.event(event, now)
            for talk_event in self.state.take(event):
                self._tell(talk_event, now)
        await self._notify()

    async def _progress(self) -> None:
        self._loudspeaker.advance()
        found = list(self.state.progress(self._loudspeaker.lag_seconds))
        for talk_event in found:
            self._tell(talk_event, time.perf_counter())
        if found:
            await self._notify()

    def _tell(self, talk_event: TalkEvent, at: float) -> None:
        if isinstance(talk_event, Problem):
            self._error = talk_event.message
        self._listener.happened(talk_event, at)

    async def _report(self) -> None:
        reply = self.state.reply
        if reply is None or not reply.is_audible or not self._reports:
            return
        self._reported_at = time.perf_counter()
        played = self._loudspeaker.playback.played_seconds(reply.number)
        heard_ms = round(1000 * max(0.0, played - self._loudspeaker.lag_seconds))
        await self._try_send("x.played", response_id=reply.response_id, ms=heard_ms)


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
    connector, seen = Connector(url, key), _Beginning(listener)
    socket = await connector.connect()
    client = TalkClient(
        connector, socket, microphone, loudspeaker, seen, reports=reports
    )
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
        await client.socket.close()
        loudspeaker.advance()


def _with_rate(session: dict[str, Any], rate_hz: int) -> dict[str, Any]:
    """The changes with the rate of the microphone, if it is not the usual one."""
    if rate_hz == SPEECH_RATE_HZ:
        return session
    audio = session.get("audio", {})
    sent = {**audio.get("input", {}), "format": {"type": "audio/pcm", "rate": rate_hz}}
    return {**session, "audio": {**audio, "input": sent}}


class _Beginning:
    """Forwards everything, and observes how the conversation begins."""

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

    def happened(self, talk_event: TalkEvent, at: float) -> None:
        if isinstance(talk_event, Problem) and not self.is_over:
            self.refusal = talk_event.message  # It is raised.
            return
        self._listener.happened(talk_event, at)
