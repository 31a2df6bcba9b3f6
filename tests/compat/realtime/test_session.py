"""What a `session.update` changes, and what it leaves."""

from __future__ import annotations

from typing import Any

import pytest

from common.config.speech import ListeningSettings
from compat_app.realtime.shared.options import default_vad
from compat_app.realtime.shared.session import (
    SessionChanges,
    SessionConfig,
    Transcription,
)

DEFAULT = SessionConfig(
    default_vad(ListeningSettings()), Transcription(model="whisper-1")
)
DEFAULT_TURNS = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 700,
}


def after(*inputs: dict[str, Any], config: SessionConfig = DEFAULT) -> Any:
    """The `audio.input` in effect after updates with these."""
    for given in inputs:
        changes = SessionChanges.model_validate({"audio": {"input": given}})
        config = config.updated(changes)
    return config.wire()["audio"]["input"]


def test_it_starts_with_the_configuration_of_the_server():
    assert DEFAULT.wire() == {
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24_000},
                "transcription": {"model": "whisper-1"},
                "noise_reduction": None,
                "turn_detection": DEFAULT_TURNS,
            }
        },
        "include": None,
    }


def test_an_update_without_fields_changes_nothing():
    changes: list[dict[str, Any]] = [
        {},
        {"audio": {}},
        {"audio": {"input": {}}},
        {"type": "transcription"},
    ]
    for each in changes:
        assert DEFAULT.updated(SessionChanges.model_validate(each)) == DEFAULT


def test_an_update_keeps_the_fields_that_it_does_not_name():
    found = after(
        {"transcription": {"language": "en", "prompt": "Boats."}},
        {"noise_reduction": {"type": "far_field", "strength": 0.5}},
        {"transcription": {"prompt": "Trains."}},
        {"noise_reduction": {"type": "near_field"}},
    )
    assert found["transcription"] == {
        "model": "whisper-1",
        "language": "en",
        "prompt": "Trains.",
    }
    assert found["noise_reduction"] == {"type": "near_field", "strength": 0.5}


def test_null_clears_a_field():
    found = after(
        {"transcription": {"language": "en", "prompt": "Boats."}},
        {"noise_reduction": {"type": "far_field"}},
        {"transcription": {"prompt": None}, "noise_reduction": None},
    )
    assert found["transcription"] == {"model": "whisper-1", "language": "en"}
    assert found["noise_reduction"] is None


def test_a_transcription_of_null_keeps_the_model():
    assert after({"transcription": None})["transcription"] == {"model": "whisper-1"}


def test_several_languages_replace_one_and_the_other_way_round():
    several = after(
        {"transcription": {"language": "en"}},
        {"transcription": {"languages": ["de", "fr"]}},
    )
    assert several["transcription"]["languages"] == ["de", "fr"]
    assert "language" not in several["transcription"]
    one = after(
        {"transcription": {"languages": ["de", "fr"]}},
        {"transcription": {"language": "en"}},
    )
    assert one["transcription"]["language"] == "en"
    assert "languages" not in one["transcription"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "server_vad"}, DEFAULT_TURNS),
        (
            {"type": "server_vad", "silence_duration_ms": 350},
            {**DEFAULT_TURNS, "silence_duration_ms": 350},
        ),
        (
            {"type": "server_vad", "create_response": True, "idle_timeout_ms": 900},
            DEFAULT_TURNS,
        ),
        ({"type": "semantic_vad"}, {"type": "semantic_vad"}),
        (
            {"type": "semantic_vad", "eagerness": "low"},
            {"type": "semantic_vad", "eagerness": "low"},
        ),
        (None, None),
    ],
)
def test_a_turn_detection_is_shown_with_all_its_numbers(given, expected):
    assert after({"turn_detection": given})["turn_detection"] == expected


def test_turn_detection_changes_kind_and_comes_back_with_the_servers_numbers():
    server, semantic = {"type": "server_vad"}, {"type": "semantic_vad"}
    tuned = {**server, "silence_duration_ms": 350}
    assert after(
        {"turn_detection": tuned}, {"turn_detection": {**server, "threshold": 0.7}}
    )["turn_detection"] == {
        **DEFAULT_TURNS,
        "silence_duration_ms": 350,
        "threshold": 0.7,
    }
    for between in (semantic, None):
        found = after(
            {"turn_detection": tuned},
            {"turn_detection": between},
            {"turn_detection": server},
        )
        assert found["turn_detection"] == DEFAULT_TURNS


@pytest.mark.parametrize(
    "model", ["gpt-realtime-whisper", "gpt-live-transcribe-2026-07-28"]
)
def test_models_whose_clients_commit_have_no_turn_detection_by_default(model):
    assert after({"transcription": {"model": model}})["turn_detection"] is None
    chosen = {"type": "server_vad", "silence_duration_ms": 400}
    found = after({"transcription": {"model": model}, "turn_detection": chosen})
    assert found["turn_detection"] == {**DEFAULT_TURNS, **chosen}


@pytest.mark.parametrize(
    ("given", "shown", "rate_hz", "bytes_per_second"),
    [
        ({"type": "audio/pcm"}, {"type": "audio/pcm", "rate": 24_000}, 24_000, 48_000),
        (
            {"type": "audio/pcm", "rate": 16_000},
            {"type": "audio/pcm", "rate": 16_000},
            16_000,
            32_000,
        ),
        ({"type": "audio/pcmu"}, {"type": "audio/pcmu"}, 8_000, 8_000),
        ({"type": "audio/pcma", "rate": 8_000}, {"type": "audio/pcma"}, 8_000, 8_000),
    ],
)
def test_a_format_has_its_rate(given, shown, rate_hz, bytes_per_second):
    changes = SessionChanges.model_validate({"audio": {"input": {"format": given}}})
    config = DEFAULT.updated(changes)
    assert config.wire()["audio"]["input"]["format"] == shown
    assert config.format.rate_hz == rate_hz
    assert config.format.bytes_per_second == bytes_per_second


def test_logprobs_are_wanted_until_the_client_takes_them_back():
    name = "item.input_audio_transcription.logprobs"
    wanted = DEFAULT.updated(SessionChanges.model_validate({"include": [name]}))
    assert wanted.wants_logprobs
    assert wanted.wire()["include"] == [name]
    assert wanted.updated(SessionChanges()).wants_logprobs
    assert not wanted.updated(SessionChanges(include=None)).wants_logprobs
    assert not wanted.updated(SessionChanges(include=[])).wants_logprobs
