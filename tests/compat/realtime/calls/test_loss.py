"""Lost packets between two peers: what is heard, and when."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Container

import numpy as np
import pytest
from aiortc import RTCSessionDescription

from compat_app.realtime.calls.media.peer import AiortcPeer
from compat_app.realtime.calls.peers import Network
from compat_app.realtime.calls.playback import Playback
from tests.compat.realtime.calls.caller import FRAME, RATE_HZ, Caller, LossyLink
from tests.waiting import until

LOCAL = Network(addresses=["127.0.0.1"])
TONE_SECONDS = 3.0
PACKETS = range(150)
"""Of the tone."""
GAP = range(50, 100)
SILENT = 20
"""A decoded frame that came is louder, of 32,767."""


class Listener:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard_pcm = bytearray()
        self.is_connected = asyncio.Event()

    def connected(self) -> None:
        self.is_connected.set()

    def heard(self, pcm: bytes) -> None:
        self.heard_pcm += pcm

    def received(self, text: str) -> None: ...
    def lost(self) -> None: ...

    def loudness(self) -> np.ndarray:
        """Of each 20 ms."""
        samples = np.frombuffer(bytes(self.heard_pcm), "<i2")
        whole = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
        found: np.ndarray = np.abs(whole).max(axis=1, initial=0)
        return found

    def has_heard_a_sound(self) -> bool:
        """Whether one was followed by half a second of silence."""
        is_loud = self.loudness() > SILENT
        return bool(is_loud.any() and not is_loud[-25:].any())

    def frames(self) -> np.ndarray:
        """The loudness of each 20 ms, from the first loud one to the last."""
        loudness = self.loudness()
        loud = np.flatnonzero(loudness > SILENT)
        return loudness[loud[0] : loud[-1] + 1]


async def heard_of_a_tone(lost: Container[int]) -> tuple[np.ndarray, int]:
    """The frames of 20 ms that are heard of three seconds of tone without these packets,
    and how many of them were lost in fact."""
    caller, listener = Caller(), Listener()
    peer = AiortcPeer(LOCAL, Playback(lambda event: None), listener)
    answer = await peer.answer(await caller.offer())
    await caller.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await asyncio.wait_for(listener.is_connected.wait(), 10)
    await asyncio.sleep(0.2)
    link = LossyLink(caller.pc, lambda number: number in lost)
    caller.say(TONE_SECONDS)
    await until(listener.has_heard_a_sound, 20)
    await caller.close()
    await peer.close()
    return listener.frames(), link.lost


async def test_only_lost_packets_are_missing_and_the_duration_is_kept() -> None:
    """10 % and 30 % at random, and a second in a row."""
    (few, few_lost), (many, many_lost), (gap, gap_lost) = await asyncio.gather(
        heard_of_a_tone(random.Random(7).sample(PACKETS, 15)),
        heard_of_a_tone(random.Random(8).sample(PACKETS, 45)),
        heard_of_a_tone(GAP),
    )
    assert (few_lost, many_lost, gap_lost) == (15, 45, 50)
    for frames, lost in ((few, few_lost), (many, many_lost), (gap, gap_lost)):
        seconds = len(frames) * FRAME / RATE_HZ
        assert seconds == pytest.approx(TONE_SECONDS, abs=0.1)
        assert np.count_nonzero(frames <= SILENT) <= lost
    assert np.count_nonzero(many <= SILENT) > np.count_nonzero(few <= SILENT) > 5
    silent = np.flatnonzero(gap <= SILENT)
    assert len(silent) == pytest.approx(len(GAP), abs=3)
    assert np.all(np.diff(silent) == 1), "the gap is in one piece"
    assert silent[0] == pytest.approx(GAP[0], abs=5)
