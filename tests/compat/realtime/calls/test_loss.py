"""Lost packets between two peers: what is heard, and when."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import numpy as np
import pytest
from aiortc import RTCSessionDescription

from compat_app.realtime.calls.media.peer import AiortcPeer
from compat_app.realtime.calls.peers import Network
from compat_app.realtime.calls.playback import Playback
from tests.compat.realtime.calls.caller import FRAME, RATE_HZ, Caller, LossyLink

LOCAL = Network(addresses=["127.0.0.1"])
TONE_SECONDS = 3.0
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

    def told(self, text: str) -> None: ...
    def lost(self) -> None: ...

    def frames(self) -> np.ndarray:
        """The loudness of each 20 ms, from the first loud one to the last."""
        samples = np.frombuffer(self.heard_pcm, "<i2")
        whole = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
        loudness = np.abs(whole).max(axis=1)
        loud = np.flatnonzero(loudness > SILENT)
        heard: np.ndarray = loudness[loud[0] : loud[-1] + 1]
        return heard


async def heard_of_a_tone(loses: Callable[[float], bool]) -> tuple[np.ndarray, int]:
    """The frames of 20 ms that are heard of three seconds of tone, and how many of those
    in it were lost."""
    caller, listener = Caller(), Listener()
    peer = AiortcPeer(LOCAL, Playback(lambda event: None), listener)
    answer = await peer.answer(await caller.offer())
    await caller.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await asyncio.wait_for(listener.is_connected.wait(), 10)
    await asyncio.sleep(0.2)
    link = LossyLink(caller.pc, loses)
    caller.say(TONE_SECONDS)
    await asyncio.sleep(TONE_SECONDS + 0.4)
    await caller.close()
    await peer.close()
    return listener.frames(), link.lost


async def test_only_lost_packets_are_missing_and_the_duration_is_kept() -> None:
    """10 % and 30 % at random, and a second in a row."""
    dice = random.Random(7)
    (few, few_lost), (many, many_lost), (gap, gap_lost) = await asyncio.gather(
        heard_of_a_tone(lambda _: dice.random() < 0.1),
        heard_of_a_tone(lambda _: dice.random() < 0.3),
        heard_of_a_tone(lambda seconds: 1.0 <= seconds < 2.0),
    )
    for frames, lost in ((few, few_lost), (many, many_lost), (gap, gap_lost)):
        seconds = len(frames) * FRAME / RATE_HZ
        assert seconds == pytest.approx(TONE_SECONDS, abs=0.1)
        assert np.count_nonzero(frames <= SILENT) <= lost
    assert np.count_nonzero(many <= SILENT) > np.count_nonzero(few <= SILENT) > 5
    silent = np.flatnonzero(gap <= SILENT)
    # A caller on a busy machine sends a few packets more, or fewer, in that second.
    assert gap_lost * FRAME / RATE_HZ == pytest.approx(1.0, abs=0.3)
    assert len(silent) == pytest.approx(gap_lost, abs=3)
    assert np.all(np.diff(silent) == 1), "the gap is in one piece"
    assert silent[0] * FRAME / RATE_HZ == pytest.approx(1.0, abs=0.3)
