"""Several channels become one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from compat_app.mixdown import Mixdown


def pcm(*samples: int) -> bytes:
    return np.array(samples, "<i2").tobytes()


def test_it_takes_the_mean_of_the_channels() -> None:
    assert Mixdown(2).push(pcm(100, 300, -100, 100)) == pcm(200, 0)


def test_one_channel_stays_as_it_is() -> None:
    assert Mixdown(1).push(b"abc") == b"abc"


@given(st.integers(2, 8), st.lists(st.binary(max_size=50), max_size=8))
def test_a_mix_does_not_depend_on_how_the_bytes_are_split(
    channels: int, pieces: list[bytes]
) -> None:
    mixer, whole = Mixdown(channels), Mixdown(channels)
    mixed = b"".join(mixer.push(piece) for piece in pieces)
    assert mixed == whole.push(b"".join(pieces))
    assert len(mixed) == len(b"".join(pieces)) // (2 * channels) * 2
