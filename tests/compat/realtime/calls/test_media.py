"""The audio of callers: packets and frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from av import AudioFrame

from compat_app.realtime.calls.media.hearing import LONGEST_GAP, GapFiller
from compat_app.realtime.calls.media.packets import PromptBuffer

FRAME = 960


@dataclass
class Packet:
    """What the buffer reads of a packet."""

    sequence_number: int
    timestamp: int
    _data: bytes


def packet(number: int) -> Packet:
    return Packet(number % 65_536, number * FRAME, number.to_bytes(4, "big"))


def passed(*numbers: int) -> list[int]:
    """The numbers of the packets that are decoded, in order."""
    buffer, found = PromptBuffer(), []
    for number in numbers:
        needs_key_frame, frame = buffer.add(packet(number))
        assert not needs_key_frame
        if frame is not None:
            found.append(int.from_bytes(frame.data, "big"))
    return found


def test_packets_are_passed_on_as_they_come() -> None:
    assert passed(1, 2, 3) == [1, 2, 3]


def test_lost_packets_delay_nothing() -> None:
    assert passed(1, 2, 5, 6) == [1, 2, 5, 6]


def test_late_and_repeated_packets_are_left_out() -> None:
    assert passed(1, 3, 2, 3, 4) == [1, 3, 4]


def test_sequence_numbers_wrap_around() -> None:
    assert passed(65_534, 65_535, 65_536, 65_537) == [65_534, 65_535, 65_536, 65_537]


def stereo(begins: int, left: int, right: int) -> AudioFrame:
    both = np.tile(np.array([left, right], np.int16), FRAME)[np.newaxis]
    frame = AudioFrame.from_ndarray(both, "s16", "stereo")
    frame.sample_rate, frame.pts = 48_000, begins
    return frame


def samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2")


def test_both_channels_become_one() -> None:
    heard = samples(GapFiller().mono(stereo(0, 1_000, 3_000)))
    assert len(heard) == FRAME
    assert set(heard.tolist()) == {2_000}


def test_lost_packets_become_silence() -> None:
    filler = GapFiller()
    filler.mono(stereo(0, 1_000, 1_000))
    heard = samples(filler.mono(stereo(3 * FRAME, 1_000, 1_000)))
    assert len(heard) == 3 * FRAME
    assert not heard[: 2 * FRAME].any()
    assert heard[2 * FRAME :].all()


def test_a_long_gap_is_not_filled() -> None:
    filler = GapFiller()
    filler.mono(stereo(0, 1_000, 1_000))
    heard = filler.mono(stereo(LONGEST_GAP + 2 * FRAME, 1_000, 1_000))
    assert len(samples(heard)) == FRAME
