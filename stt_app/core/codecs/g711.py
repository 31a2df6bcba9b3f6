"""The two logarithmic encodings of telephony (ITU-T G.711), one byte a sample."""

from __future__ import annotations

import numpy as np

from common.audio import PCM16_FULL_SCALE, Samples

_MULAW_BIAS = 132


def mulaw_to_float(data: bytes) -> Samples:
    """mu-law bytes, mono at any rate, as float32 samples in (-1, 1), shape (n,)."""
    return _MULAW[np.frombuffer(data, np.uint8)]


def alaw_to_float(data: bytes) -> Samples:
    """A-law bytes, mono at any rate, as float32 samples in (-1, 1), shape (n,)."""
    return _ALAW[np.frombuffer(data, np.uint8)]


def _mulaw_table() -> Samples:
    # Every bit is sent inverted: sign, three of the exponent, four of the mantissa.
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int32)
    size = ((mantissa * 8 + _MULAW_BIAS) << exponent) - _MULAW_BIAS
    return _signed(size, negative=code >= 128)


def _alaw_table() -> Samples:
    # Every second bit is sent inverted; a set sign bit means positive here.
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int32)
    steep = (mantissa * 16 + 264) << np.maximum(exponent.astype(np.int32) - 1, 0)
    size = np.where(exponent == 0, mantissa * 16 + 8, steep)
    return _signed(size, negative=code < 128)


def _signed(size: np.ndarray, *, negative: np.ndarray) -> Samples:
    values = np.where(negative, -size, size)
    return (values / PCM16_FULL_SCALE).astype(np.float32)


_MULAW = _mulaw_table()
_ALAW = _alaw_table()
