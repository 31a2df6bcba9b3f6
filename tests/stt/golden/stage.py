"""An application on fakes, its scripted clients, and a log of everything they send and get.

A log must not depend on scheduling. The server handles one frame at a time, so a
script may send several of them in a row only if the server's tasks cannot add a
message between them. Otherwise it first reads the messages of the frame before.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from typing import Any

from channels.testing import WebsocketCommunicator

from common.audio import SPEECH_RATE_HZ
from tests.fakes import FakeStt
from tests.stt.golden.fakes import PARTIAL_INTERVAL_SECONDS
from tests.stt.sockets import opened
from tests.stt.sounds import LoudnessVad, pcm

_TIMEOUT_SECONDS = 10
_FRAME_SECONDS = 2.0
"""The server takes longer frames in pieces, and lets others run between them."""
_FRAME_BYTES = 65_536
"""The longest frame that the protocol allows."""
_CLOCK = re.compile(
    r'("(?:latency_ms|lag_ms|closes_in_seconds)": )\d+\.\d(?=[,}])', re.ASCII
)
_NAMED = re.compile(r'"(session_id|resume_token)": "([0-9a-f]{32})"')

MakeServices = Callable[..., dict[str, Any]]


class Astray(Exception):
    """The server did not send what the script waits for, or sent more than that."""


class Mask:
    """Replaces what differs from run to run, and leaves the rest of a text as it is.

    A number that depends on the clock is replaced only if it is written with one
    decimal. The same id gets the same name wherever it comes.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        for field, value in _NAMED.findall(text):
            if value not in self._names:
                same = [name for name in self._names.values() if field in name]
                self._names[value] = f"<{field} {len(same) + 1}>"
        for value, name in self._names.items():
            text = text.replace(value, name)
        return _CLOCK.sub(r'\1"<float>"', text)


class Stage:
    """Where one session is played. `lines` is its log: one JSON text a line."""

    def __init__(self, make_services: MakeServices) -> None:
        self.lines: list[str] = []
        self.services: Any = None
        self._make_services = make_services
        self._mask = Mask()
        self._clients: list[Client] = []
        self._logged: Client | None = None
        self._draining: asyncio.Task[bool] | None = None

    def serve(
        self, engine: FakeStt | None = None, vad: Any = None, **changes: Any
    ) -> None:
        """Build the application; keywords change the configuration."""
        changes = {
            "speculative_pause_seconds": 0,
            "partial_interval_seconds": PARTIAL_INTERVAL_SECONDS,
            **changes,
        }
        self.services = self._make_services(
            stt=engine or FakeStt(), vad=vad or LoudnessVad(), **changes
        )

    async def open(self, query: str = "") -> Client:
        """A client that was let in, or told why not."""
        client = Client(self, opened(self.services, query))
        self._clients.append(client)
        self.note(client, client="opens", query=query)
        await client.connect()
        return client

    def drain(self) -> None:
        """The server begins to shut down."""
        self.lines.append(json.dumps({"server": "drains"}))
        sessions = self.services.sessions
        self._draining = asyncio.create_task(sessions.drain(_TIMEOUT_SECONDS))

    async def end(self) -> None:
        """End what is open. Messages that the script has not read are logged as astray."""
        for client in self._clients:
            await client.end()
        if self._draining is not None:
            assert await self._draining, "the server did not drain in time"
        await self.services.listening.stop()

    def astray(self, how: str) -> None:
        """Log that the session has left its script."""
        self.lines.append(json.dumps({"astray": how}))

    def note(self, who: Client, **line: Any) -> None:
        """Log what a client does, or the end of its connection."""
        self.log(who, json.dumps(line, ensure_ascii=False))

    def log(self, who: Client, text: str) -> None:
        """Log the text, after a line that names the connection if it is another one."""
        if self._logged not in (None, who):
            number = self._clients.index(who) + 1
            self.lines.append(json.dumps({"connection": number}))
        self._logged = who
        self.lines.append(self._mask(text))


class Client:
    """One connection. Each method logs what it does."""

    def __init__(self, stage: Stage, socket: WebsocketCommunicator) -> None:
        self._stage = stage
        self._socket = socket
        self._pause_seconds = 0.0
        self._left = False

    async def connect(self) -> None:
        """Shake hands, whatever the server says then."""
        accepted, _ = await self._socket.connect(timeout=_TIMEOUT_SECONDS)
        assert accepted, "refused at the handshake, where no error can be told"

    async def speak(
        self,
        *seconds: float,
        rate_hz: int = SPEECH_RATE_HZ,
        frame_bytes: int = _FRAME_BYTES,
    ) -> None:
        """PCM16 in one frame, or in small ones: speech, or silence below zero seconds."""
        assert sum(map(abs, seconds)) <= _FRAME_SECONDS, "too long to be heard at once"
        self._stage.note(self, client="audio", seconds=seconds, rate_hz=rate_hz)
        audio = pcm(*seconds, rate_hz=rate_hz)
        for start in range(0, len(audio), frame_bytes):
            await self._socket.send_to(bytes_data=audio[start : start + frame_bytes])

    async def hear(self, audio: bytes, **what: Any) -> None:
        """One frame, as it is; `what` describes it in the log."""
        self._stage.note(self, client="audio", **what)
        await self._socket.send_to(bytes_data=audio)

    async def show(self, *seconds: float) -> None:
        """A frame that makes the server show a partial text; returns when it has come.

        Partial texts keep a distance that grows with the time the last one took, so
        the frame is sent when the next one is certainly due.
        """
        await asyncio.sleep(self._pause_seconds)
        began = time.monotonic()
        await self.speak(*seconds)
        await self.until("partial")
        took = time.monotonic() - began
        self._pause_seconds = max(1.2 * PARTIAL_INTERVAL_SECONDS, 3 * took)

    async def send(self, text: str) -> None:
        """A text frame."""
        self._stage.note(self, client="text", text=text)
        await self._socket.send_to(text_data=text)

    async def ask(self, kind: str, **fields: Any) -> None:
        """A message as an object."""
        await self.send(json.dumps({"type": kind, **fields}))

    async def sync(self) -> None:
        """Return when the server has handled everything that was sent before.

        It refuses a message of an unknown type at once. Read what the frames before
        cause first, because those messages take another way.
        """
        await self.ask("sync")
        await self.until("error")

    async def until(self, *kinds: str) -> Any:
        """Read on to a message of each kind in turn; returns the last one.

        Raises Astray.
        """
        message: dict[str, Any] = {}
        for kind in kinds:
            message = await self._read(kind)
            while message["type"] != kind:
                message = await self._read(kind)
        return message

    async def until_closed(self) -> None:
        """Read on until the server closes. Raises Astray."""
        while await self._next("close") is not None:
            pass

    async def close(self) -> None:
        """Say goodbye, and wait for the server's."""
        await self.ask("close")
        await self.until_closed()

    async def leave(self, code: int) -> None:
        """Go without a word. 1006 is what the server sees when a connection is lost."""
        self._stage.note(self, client="leaves", code=code)
        await self._leave(code)

    async def end(self) -> None:
        """Go if it has not gone, and log what it has not read."""
        if not self._left:
            await self._leave(1000)
        while not self._socket.output_queue.empty():
            self._stage.astray("nobody waited for the next line")
            self._take(self._socket.output_queue.get_nowait())

    async def _leave(self, code: int) -> None:
        self._left = True
        await self._socket.disconnect(code=code, timeout=_TIMEOUT_SECONDS)

    async def _read(self, kind: str) -> dict[str, Any]:
        message = await self._next(kind)
        if message is None:
            raise Astray(f"closed, instead of {kind}")
        return message

    async def _next(self, wanted: str) -> dict[str, Any] | None:
        """The next message; None: the server has closed. Raises Astray."""
        try:
            output = await self._socket.receive_output(_TIMEOUT_SECONDS)
        except TimeoutError as error:
            self._left = True
            raise Astray(f"no {wanted} came") from error
        return self._take(output)

    def _take(self, output: dict[str, Any]) -> dict[str, Any] | None:
        if output["type"] == "websocket.close":
            self._stage.note(self, close=output["code"])
            return None
        self._stage.log(self, output["text"])
        message: dict[str, Any] = json.loads(output["text"])
        return message
