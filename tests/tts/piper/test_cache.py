"""The cache keeps short clauses within its bound, and only those."""

from __future__ import annotations

import numpy as np

from tts_app.core.engine import SpeechPart
from tts_app.core.piper.cache import MAX_TEXT, SpeechCache

ONE_MB = 250_000


def audio(samples: int) -> list[SpeechPart]:
    return [SpeechPart(np.zeros(samples, np.float32), 22_050)]


def test_it_gives_back_what_it_kept() -> None:
    cache = SpeechCache(1)
    parts = audio(100)
    cache.put("a", parts)
    assert cache.get("a") == tuple(parts)
    assert cache.get("b") is None


def test_the_least_recently_used_goes_first() -> None:
    cache = SpeechCache(2.5)
    cache.put("a", audio(ONE_MB))
    cache.put("b", audio(ONE_MB))
    assert cache.get("a")
    cache.put("c", audio(ONE_MB))
    assert [key for key in "abc" if cache.get(key)] == ["a", "c"]
    assert cache.bytes == 2_000_000


def test_it_never_takes_more_than_it_may() -> None:
    cache = SpeechCache(1)
    cache.put("small", audio(100))
    cache.put("huge", audio(ONE_MB * 2))
    assert cache.get("small") and not cache.get("huge")
    cache.put("small", audio(200))
    assert cache.bytes == 800
    cache.clear()
    assert cache.bytes == 0 and not cache.get("small")


def test_it_takes_short_texts_only_and_none_when_switched_off() -> None:
    assert SpeechCache(1).takes("a" * MAX_TEXT)
    assert not SpeechCache(1).takes("a" * (MAX_TEXT + 1))
    assert not SpeechCache(0).takes("a")
