"""Silence in each raw encoding."""

from __future__ import annotations

import numpy as np
import pytest

from stt_app.core.codecs.decoders import (
    RAW_ENCODINGS,
    Encoding,
    build_decoder,
    silence,
)


@pytest.mark.parametrize("encoding", sorted(RAW_ENCODINGS))
def test_it_has_no_sound(encoding: Encoding) -> None:
    samples = build_decoder(encoding, 16_000).decode(silence(encoding, 6_400))
    assert len(samples)
    assert np.abs(samples).max() < 0.001
