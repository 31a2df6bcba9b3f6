"""The server's ends of calls, in a process of their own. Lines of JSON control it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import numpy as np

from compat_app.realtime.calls.media.peer import AiortcPeer
from compat_app.realtime.calls.offers import usable_offer
from compat_app.realtime.calls.peers import Network
from compat_app.realtime.calls.playback import RATE_HZ, Playback

LOCAL = Network(addresses=["127.0.0.1"])
VOICE_HZ = 22_050
PIECE_SECONDS = 0.1
LOOK_SECONDS = 0.002


class Ends:
    """All calls, and how much they have heard."""

    def __init__(self) -> None:
        self.playbacks: list[Playback] = []
        self.heard_bytes = 0

    def connected(self) -> None: ...
    def received(self, text: str) -> None: ...
    def lost(self) -> None: ...

    def heard(self, pcm: bytes) -> None:
        self.heard_bytes += len(pcm)

    async def answer(self, offer: str) -> dict[str, Any]:
        began = time.perf_counter()
        playback = Playback(lambda event: None)
        self.playbacks.append(playback)
        peer = AiortcPeer(LOCAL, playback, self)
        sdp = await peer.answer(usable_offer(offer, with_candidates=False))
        return {"sdp": sdp, "seconds": time.perf_counter() - began}

    async def measure(self, seconds: float, speaks: bool) -> dict[str, Any]:
        lags: list[float] = []
        watching = asyncio.create_task(_watch(lags))
        self.heard_bytes = 0
        cpu, began = time.process_time(), time.perf_counter()
        voice = np.random.default_rng(0).normal(0, 0.1, int(VOICE_HZ * PIECE_SECONDS))
        piece = voice.astype(np.float32)
        while (passed := time.perf_counter() - began) < seconds:
            if speaks:
                for playback in self.playbacks:
                    playback.put("resp_1", piece, VOICE_HZ)
            await asyncio.sleep(PIECE_SECONDS)
        watching.cancel()
        return {
            "core_percent": 100 * (time.process_time() - cpu) / passed,
            "lags_seconds": lags,
            "heard_seconds": self.heard_bytes / 2 / RATE_HZ,
        }


async def _watch(lags: list[float]) -> None:
    """How late the event loop is."""
    while True:
        due = time.perf_counter() + LOOK_SECONDS
        await asyncio.sleep(LOOK_SECONDS)
        lags.append(time.perf_counter() - due)


async def main() -> None:
    """Until the input ends."""
    ends = Ends()
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        if "offer" in asked:
            answer = await ends.answer(asked["offer"])
        else:
            answer = await ends.measure(asked["seconds"], asked["speaks"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
