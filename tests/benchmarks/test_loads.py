"""The load that the programs make, and the plain way that they compare with."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.labels import Bounds
from benchmarks.listening import Played
from benchmarks.locked import LockedModel, final_delays
from benchmarks.playlist import playlists
from benchmarks.streams import Step, endpoint_delays
from common.audio import SPEECH_RATE_HZ, Samples
from tests.clients import Heard
from tests.stt.sounds import LoudnessVad, sound
from tests.word_errors import Recording


def test_its_streams_differ_and_are_the_same_each_time() -> None:
    clips = [sound(1), sound(2)]
    streams = playlists(clips, 3, 10)
    assert all(len(each) >= 10 * SPEECH_RATE_HZ for each in streams)
    assert all(len(each) < 14 * SPEECH_RATE_HZ for each in streams)
    assert len({len(each) for each in streams}) == 3
    for one, other in zip(streams, playlists(clips, 3, 10), strict=True):
        assert np.array_equal(one, other)


async def test_the_plain_way_answers_one_after_the_other() -> None:
    at_work: list[int] = []

    def transcribe(samples: Samples) -> str:
        at_work.append(1)
        assert len(at_work) == 1
        time.sleep(0.3)
        at_work.pop()
        return "text"

    streams = [sound(0.5, -1)] * 3
    delays = await final_delays(LockedModel(transcribe), LoudnessVad(), streams, 30)
    for delay, least in zip(sorted(filter(None, delays)), (0.3, 0.6, 0.9), strict=True):
        assert delay >= least - 0.15


async def test_the_plain_way_tells_which_texts_did_not_come() -> None:
    asked: list[Samples] = []

    def transcribe(samples: Samples) -> str:
        asked.append(samples)
        if len(asked) > 1:
            time.sleep(4)
        return "text"

    streams = [sound(0.5, -0.8)] * 3
    delays = await final_delays(LockedModel(transcribe), LoudnessVad(), streams, 2)
    assert delays.count(None) == 2


def heard() -> Heard:
    events: list[tuple[dict[str, Any], float]] = [
        ({"type": "ready"}, 0.0),
        ({"type": "partial", "utterance_id": 1}, 0.9),
        ({"type": "speech_ended", "utterance_id": 1, "end": 1.5}, 2.3),
        (
            {"type": "transcript", "utterance_id": 1, "text": "a", "latency_ms": 850.0},
            2.4,
        ),
        ({"type": "speech_ended", "utterance_id": 2, "end": 3.0}, 3.75),
        (
            {"type": "transcript", "utterance_id": 3, "text": "c", "latency_ms": 20.0},
            4.0,
        ),
        ({"type": "transcript", "text": "", "keep_open": False}, 4.5),
    ]
    return Heard([event for event, _ in events], [at for _, at in events], 1000)


def test_it_counts_from_where_the_silence_was_long_enough() -> None:
    # The second utterance held no words, and the third was cut, not ended.
    assert endpoint_delays(heard()) == pytest.approx([2.4 - 1.5 - 0.7])


def test_it_reads_latencies_from_the_answers() -> None:
    clip = Recording(Path("clip.wav"), 4.0, "en", "clean", "a c")
    played = Played(clip, Bounds(0.4, 3.1), heard())
    assert played.final_delay == pytest.approx(0.9)
    assert played.first_partial_delay == pytest.approx(0.5)
    assert played.decision_delays == pytest.approx([0.1])
    assert played.told_delays == pytest.approx([0.85, 0.02])


def test_a_step_passes_only_with_every_text_in_time() -> None:
    assert Step(2, [0.1] * 99 + [9.0], 0).passes
    assert not Step(2, [0.1] * 90 + [1.5] * 10, 0).passes
    assert not Step(2, [0.1] * 99, 1).passes
    assert not Step(2, [], 0).passes
