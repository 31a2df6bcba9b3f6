"""Channels become one, and none is lost because another one cancels it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from common.audio import ChannelMixer, Frames, Samples, rms

RATE_HZ = 16_000
NOISE = np.random.default_rng(0)
VOICE = (0.1 * NOISE.standard_normal(RATE_HZ)).astype(np.float32)
OTHER = (0.1 * NOISE.standard_normal(RATE_HZ)).astype(np.float32)
SILENCE = np.zeros(RATE_HZ, np.float32)


def mixed(frames: Frames) -> Samples:
    return ChannelMixer(frames.shape[1], RATE_HZ).push(frames)


def together(*channels: Samples) -> Samples:
    return np.stack(channels, axis=1)


@pytest.mark.parametrize(
    "channels",
    [
        (VOICE, VOICE),
        (VOICE, SILENCE),
        (VOICE, OTHER),
        (VOICE, -0.3 * VOICE),
        (VOICE, OTHER, SILENCE, VOICE, OTHER, OTHER),
    ],
)
def test_it_takes_the_mean_of_the_channels(channels: tuple[Samples, ...]) -> None:
    frames = together(*channels)
    assert np.allclose(mixed(frames), frames.mean(axis=1), atol=1e-6)


def test_one_channel_stays_as_it_is() -> None:
    assert np.array_equal(mixed(together(VOICE)), VOICE)


@pytest.mark.parametrize("echo", [-1.0, -0.8, -1.2])
def test_it_takes_the_louder_of_two_channels_that_cancel(echo: float) -> None:
    louder = VOICE if abs(echo) <= 1 else echo * VOICE
    heard = mixed(together(VOICE, np.float32(echo) * VOICE))
    assert np.allclose(heard[800:], louder[800:], atol=1e-6)


def test_a_pause_changes_nothing_and_a_cable_that_is_mended_does() -> None:
    opposite, equal = together(VOICE, -VOICE), together(VOICE, VOICE)
    pause = np.zeros((8_000, 2), np.float32)
    mixer = ChannelMixer(2, RATE_HZ)
    mixer.push(np.concatenate([opposite, pause]))
    assert rms(mixer.push(opposite)) == pytest.approx(rms(VOICE))
    mixer.push(equal)
    assert np.allclose(mixer.push(equal), VOICE)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 2_000), max_size=12))
def test_a_mix_does_not_depend_on_how_it_is_split(cuts: list[int]) -> None:
    frames = np.concatenate([together(VOICE, -VOICE), together(VOICE, OTHER)])
    mixer, at, parts = ChannelMixer(2, RATE_HZ), 0, []
    for cut in [*cuts, len(frames)]:
        parts.append(mixer.push(frames[at : at + cut]))
        at += cut
    assert np.allclose(np.concatenate(parts), mixed(frames), atol=1e-6)
