"""What the configuration of a session means for live transcription."""

from __future__ import annotations

from typing import Any

import pytest

from common.config.speech import ListeningSettings
from compat_app.realtime.shared.options import default_vad, session_options
from compat_app.realtime.shared.session import (
    SessionChanges,
    SessionConfig,
    Transcription,
)
from stt_app.core.session.options import MAX_PROMPT_CHARACTERS, Options

SETTINGS = ListeningSettings()


def options(include: Any = None, **given: Any) -> Options:
    """The options after an update of `audio.input`."""
    changes = {"audio": {"input": given}, "include": include}
    config = SessionConfig(default_vad(SETTINGS), Transcription(model="whisper-1"))
    return session_options(
        config.updated(SessionChanges.model_validate(changes)), SETTINGS, "auto"
    )


def test_a_new_session_listens_as_the_server_is_configured():
    found = options()
    assert found.model_dump(exclude_none=True) == {
        "language": "auto",
        "sample_rate": 24_000,
        "encoding": "pcm_s16le",
        "prompt": "",
        "hotwords": "",
        "interim_results": True,
        "word_timestamps": False,
        "endpointing": "fixed",
        "silence_max_seconds": SETTINGS.silence_max_seconds,
        "vad_threshold": SETTINGS.vad_threshold,
        "preroll_seconds": SETTINGS.preroll_seconds,
        "min_utterance_seconds": SETTINGS.min_utterance_seconds,
    }


@pytest.mark.parametrize(
    ("kind", "encoding", "rate_hz"),
    [
        ("audio/pcm", "pcm_s16le", 24_000),
        ("audio/pcmu", "mulaw", 8_000),
        ("audio/pcma", "alaw", 8_000),
    ],
)
def test_each_format_is_an_encoding(kind, encoding, rate_hz):
    found = options(format={"type": kind})
    assert (found.encoding, found.sample_rate) == (encoding, rate_hz)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"language": "de"}, "de"),
        ({"language": "en-US"}, "en"),
        ({"language": "ZH_cn"}, "zh"),
        ({"language": "nb"}, "no"),
        ({"language": ""}, "auto"),
        ({"language": None}, "auto"),
        ({"languages": ["fr"]}, "fr"),
        ({"languages": ["fr", "en"]}, "auto"),
        ({"languages": []}, "auto"),
    ],
)
def test_it_takes_one_language_and_detects_among_several(given, expected):
    assert options(transcription=given).language == expected


@pytest.mark.parametrize("unknown", ["klingon", "x", "auto2", "é"])
def test_it_knows_the_languages_of_the_engine_only(unknown):
    with pytest.raises(ValueError, match="unknown language"):
        Transcription(language=unknown)
    with pytest.raises(ValueError, match="unknown language"):
        Transcription(languages=["en", unknown])


def test_keywords_are_hotwords_as_many_as_fit():
    assert options(transcription={"keywords": ["a b", "c"]}).hotwords == "a b, c"
    many = [f"word{number}" for number in range(500)]
    hotwords = options(transcription={"keywords": many}).hotwords or ""
    assert hotwords.startswith("word0, word1, ")
    assert hotwords.split(", ") == many[: hotwords.count(", ") + 1]
    assert MAX_PROMPT_CHARACTERS - 10 < len(hotwords) <= MAX_PROMPT_CHARACTERS


def test_of_a_long_prompt_the_end_is_used():
    prompt = "early " * 200 + "late"
    found = options(transcription={"prompt": prompt}).prompt or ""
    assert len(found) == MAX_PROMPT_CHARACTERS
    assert prompt.endswith(found)


@pytest.mark.parametrize(
    ("turns", "silence", "threshold", "preroll"),
    [
        ({"silence_duration_ms": 350}, 0.35, 0.5, 0.3),
        ({"silence_duration_ms": 0}, 0.1, 0.5, 0.3),
        ({"silence_duration_ms": 60_000}, 10, 0.5, 0.3),
        ({"threshold": 0}, 0.7, 0.05, 0.3),
        ({"threshold": 1}, 0.7, 0.95, 0.3),
        ({"prefix_padding_ms": 600}, 0.7, 0.5, 0.6),
        ({"prefix_padding_ms": 5_000}, 0.7, 0.5, 2),
        ({"prefix_padding_ms": None}, 0.7, 0.5, 0.3),
    ],
)
def test_server_vad_is_kept_within_what_is_possible(turns, silence, threshold, preroll):
    found = options(turn_detection={"type": "server_vad", **turns})
    assert found.silence_max_seconds == silence
    assert found.vad_threshold == threshold
    assert found.preroll_seconds == preroll
    assert found.min_utterance_seconds == SETTINGS.min_utterance_seconds


@pytest.mark.parametrize(
    ("eagerness", "longest", "without_model"),
    [
        ("high", 2, 0.4),
        ("medium", 4, 0.8),
        ("auto", 4, 0.8),
        (None, 4, 0.8),
        ("low", 8, 1.6),
    ],
)
def test_semantic_vad_waits_longer_the_less_eager_it_is(
    eagerness, longest, without_model
):
    found = options(turn_detection={"type": "semantic_vad", "eagerness": eagerness})
    assert found.endpointing == "semantic"
    assert found.semantic_max_seconds == longest
    assert found.silence_max_seconds == without_model
    assert options(turn_detection={"type": "server_vad"}).endpointing == "fixed"


def test_for_a_client_that_commits_short_and_quiet_words_count():
    found = options(turn_detection=None)
    assert found.min_utterance_seconds == 0.1
    assert found.vad_threshold == 0.35
    assert found.silence_max_seconds == 2.0


def test_logprobs_need_the_words():
    assert options(["item.input_audio_transcription.logprobs"]).word_timestamps is True
