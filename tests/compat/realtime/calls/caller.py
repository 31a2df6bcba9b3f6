"""A client of calls by aiortc, in the process of the server: it speaks and listens."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from fractions import Fraction
from typing import Any

import httpx
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from common.audio import Samples
from compat_app.realtime.calls.media.candidates import restrict
from compat_app.realtime.calls.media.internals import ice_connections
from compat_app.realtime.calls.peers import Network
from tests.stt.sounds import sound

RATE_HZ = 48_000
FRAME = RATE_HZ // 50
AUDIBLE = 1_000
PATIENCE_SECONDS = 15.0
LOCAL = Network(addresses=["127.0.0.1"])


class LossyLink:
    """Loses packets of audio on the way from a caller."""

    def __init__(self, pc: RTCPeerConnection, loses: Callable[[int], bool]) -> None:
        """`loses` is asked for each packet of 20 ms, with its number from 0."""
        self._loses = loses
        self.lost = self.sent = 0
        (sender,) = pc.getSenders()
        self._transport = sender.transport
        self._send = self._transport._send_rtp
        self._transport._send_rtp = self._pass_on  # type: ignore[method-assign]

    async def _pass_on(self, data: bytes) -> None:
        if _is_rtcp(data):
            return await self._send(data)
        number = self.sent
        self.sent += 1
        if self._loses(number):
            self.lost += 1
        else:
            await self._send(data)


def _is_rtcp(data: bytes) -> bool:
    return 192 <= data[1] <= 223  # RFC 5761, section 4


class Microphone(MediaStreamTrack):
    """Silence, until there is something to say."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._queued: deque[Samples] = deque()
        self._pts = 0
        self._began: float | None = None

    def say(self, samples: Samples) -> None:
        whole = np.concatenate([samples, np.zeros(-len(samples) % FRAME, np.float32)])
        self._queued.extend(whole.reshape(-1, FRAME))

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._began = self._began or loop.time()
        await asyncio.sleep(self._began + self._pts / RATE_HZ - loop.time())
        quiet = np.zeros(FRAME, np.float32)
        samples = self._queued.popleft() if self._queued else quiet
        pcm = (samples * 32_767).astype(np.int16)
        frame = AudioFrame.from_ndarray(pcm[np.newaxis], "s16", "mono")
        frame.sample_rate, frame.pts = RATE_HZ, self._pts
        frame.time_base = Fraction(1, RATE_HZ)
        self._pts += FRAME
        return frame


class Caller:
    """One call, with everything that came."""

    def __init__(self) -> None:
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channel = self.pc.createDataChannel("oai-events")
        self.microphone = Microphone()
        self.pc.addTrack(self.microphone)
        self.id = ""
        self.location = ""
        self.events: list[dict[str, Any]] = []
        self.loud_seconds = 0.0
        """Of what was heard."""
        self.is_loud = False
        self._came = asyncio.Condition()
        self._listening: asyncio.Task[None] | None = None
        self.pc.on("track", self._listen)
        self.channel.on("message", self._take)
        self.channel.on("open", lambda: self._take('{"type": "open"}'))
        self.channel.on("close", lambda: self._take('{"type": "close"}'))

    async def offer(self) -> str:
        for connection in ice_connections(self.pc):
            restrict(connection, LOCAL)
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    async def take_answer(self, answer: httpx.Response) -> None:
        assert answer.status_code == 201, answer.text
        self.location = answer.headers["location"]
        self.id = self.location.rpartition("/")[2]
        description = RTCSessionDescription(answer.text, "answer")
        await self.pc.setRemoteDescription(description)

    def say(self, *parts: Any) -> None:
        """Seconds of tone, or of silence if negative, in real time."""
        self.microphone.say(sound(*parts, rate_hz=RATE_HZ))

    def send(self, kind: str, **fields: Any) -> None:
        self.channel.send(json.dumps({"type": kind, **fields}))

    async def until(self, kind: str, count: int = 1) -> dict[str, Any]:
        """The event of this type that is the `count`th one."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._came:
            await self._came.wait_for(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[count - 1]

    async def until_silent(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.is_loud:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.events if each["type"] == kind]

    @property
    def created(self) -> dict[str, Any]:
        """The session of the start."""
        session: dict[str, Any] = self.of("session.created")[0]["session"]
        return session

    async def stop_sending(self) -> None:
        """Send no audio any more, as after a lost track."""
        await self.pc.getSenders()[0].stop()

    def vanish(self) -> None:
        """Go without a word, as when a phone loses its network."""
        for connection in ice_connections(self.pc):
            for protocol in connection._protocols:
                protocol.transport.abort()

    @property
    def kinds(self) -> list[str]:
        return [each["type"] for each in self.events]

    def _take(self, message: str) -> None:
        self.events.append(json.loads(message))
        asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        async with self._came:
            self._came.notify_all()

    def _listen(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.create_task(self._hear(track))

    async def _hear(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                self.is_loud = bool(np.abs(frame.to_ndarray()).max() > AUDIBLE)
                self.loud_seconds += self.is_loud * frame.samples / RATE_HZ

    async def close(self) -> None:
        await self.pc.close()
        if self._listening is not None:
            self._listening.cancel()


async def post_offer(
    client: httpx.AsyncClient,
    offer: str,
    query: str = "",
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """The offer alone."""
    return await client.post(
        f"/v1/realtime/calls{query}",
        content=offer,
        headers={"Content-Type": "application/sdp", **(headers or {})},
    )


@contextlib.asynccontextmanager
async def calling(
    client: httpx.AsyncClient,
    session: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> AsyncIterator[Caller]:
    """A call whose data channel is open."""
    caller = Caller()
    try:
        offer = await caller.offer()
        if session is None:
            answer = await post_offer(client, offer, "?model=gpt-realtime", headers)
        else:
            answer = await client.post(
                "/v1/realtime/calls",
                files={"sdp": (None, offer), "session": (None, json.dumps(session))},
                headers=headers,
            )
        await caller.take_answer(answer)
        await caller.until("session.created")
        yield caller
    finally:
        await caller.close()
