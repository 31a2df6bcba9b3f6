"""A voice in two halves is the same voice."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings, strategies as st

from common.audio import Samples
from tests.small_voice import FRAMES, HOP_SAMPLES, small_voice
from tts_app.core.piper.graph_split import Halves, halves_of

IDS = np.arange(1, 61, dtype=np.int64)[None] % 7
LENGTHS = np.array([IDS.shape[1]], np.int64)
SCALES = np.zeros(3, np.float32)
GIVEN = {"input": IDS, "input_lengths": LENGTHS, "scales": SCALES}
ENOUGH_FRAMES = 8


def session(model: bytes) -> Any:
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def halves(model: bytes, durations: str = "") -> Halves:
    found = halves_of(model, durations)
    assert found is not None
    return found


def speaker(number: int) -> dict[str, Any]:
    return {"sid": np.array([number], np.int64)}


def samples_of(session: Any, given: dict[str, Any]) -> Samples:
    return np.asarray(session.run(None, given)[0], np.float32).reshape(-1)


@pytest.mark.parametrize("number", [None, 0, 2])
def test_both_halves_make_what_the_whole_makes(number: int | None) -> None:
    model = small_voice(1 if number is None else 3)
    more = {} if number is None else speaker(number)
    two = halves(model)
    assert two.vocoder_inputs == (FRAMES, *more)
    acoustic, vocoder = session(two.acoustic), session(two.vocoder)
    given = {each.name for each in acoustic.get_inputs()}
    frames = acoustic.run(
        None, {k: v for k, v in {**GIVEN, **more}.items() if k in given}
    )[0]
    made = samples_of(vocoder, {FRAMES: frames, **more})
    whole = samples_of(session(model), {**GIVEN, **more})
    assert len(whole) == IDS.shape[1] * HOP_SAMPLES
    assert np.array_equal(made, whole)


def test_speakers_differ() -> None:
    model = session(small_voice(3))
    one, other = (samples_of(model, {**GIVEN, **speaker(n)}) for n in (0, 2))
    assert np.abs(one - other).max() > 0.01


def test_the_vocoder_makes_a_stretch_as_it_is_in_the_whole() -> None:
    two = halves(small_voice())
    frames = session(two.acoustic).run(None, GIVEN)[0]
    vocoder = session(two.vocoder)
    whole = samples_of(vocoder, {FRAMES: frames})
    begin, end = 20, 30
    around = frames[:, :, begin - ENOUGH_FRAMES : end + ENOUGH_FRAMES]
    stretch = samples_of(vocoder, {FRAMES: around})
    skip = ENOUGH_FRAMES * HOP_SAMPLES
    expected = whole[begin * HOP_SAMPLES : end * HOP_SAMPLES]
    assert np.abs(stretch[skip : skip + len(expected)] - expected).max() < 1e-5


def test_the_acoustic_half_tells_the_durations() -> None:
    acoustic = session(halves(small_voice(), "durations").acoustic)
    frames, durations = acoustic.run(None, GIVEN)
    assert frames.shape == (1, 4, 60)
    assert np.array_equal(durations, IDS)


def test_no_half_carries_the_weights_of_the_other_one() -> None:
    two = halves(small_voice())
    assert b"post" in two.vocoder and b"post" not in two.acoustic
    assert b"spread" in two.acoustic and b"spread" not in two.vocoder


@pytest.mark.parametrize(
    "model",
    [b"", b"RIFF" * 20, small_voice(vocoders=2), small_voice()[:-40]],
    ids=["empty", "other", "two vocoders", "cut short"],
)
def test_what_has_no_place_to_cut_stays_whole(model: bytes) -> None:
    assert halves_of(model) is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_it_cuts_or_leaves_any_bytes(data: bytes) -> None:
    found = halves_of(data)
    assert found is None or isinstance(found, Halves)
