"""Events of clients, good and bad."""

from __future__ import annotations

import base64
import json

import pytest

from common.errors import BadRequest
from compat_app.realtime.shared.errors import Refused, error_event
from compat_app.realtime.shared.messages import (
    AppendAudio,
    ClearAudio,
    CommitAudio,
    SessionUpdate,
)
from compat_app.realtime.shared.reading import audio_bytes, read_event
from tests.compat.realtime.sdk_types import check_event

UPDATE = "session.update"
APPEND = "input_audio_buffer.append"


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({"type": UPDATE, "session": {}}, SessionUpdate),
        (
            {"type": UPDATE, "session": {"type": "transcription", "voice": "x"}},
            SessionUpdate,
        ),
        ({"type": APPEND, "audio": ""}, AppendAudio),
        ({"type": "input_audio_buffer.commit"}, CommitAudio),
        ({"type": "input_audio_buffer.clear", "unknown": [1]}, ClearAudio),
    ],
)
def test_it_reads_every_event_and_ignores_unknown_fields(event, found):
    read = read_event(json.dumps({**event, "event_id": "mine"}))
    assert isinstance(read, found)
    assert read.event_id == "mine"


def session(**fields):
    return {"type": UPDATE, "session": fields}


def audio(**fields):
    return session(audio={"input": fields})


BAD = {
    "no type": ({}, "type", "missing_required_parameter"),
    "a type of null": ({"type": None}, "type", "missing_required_parameter"),
    "an unknown type": ({"type": "shout"}, "type", "invalid_value"),
    "a type that is a number": ({"type": 5}, "type", "invalid_value"),
    "a type that is an object": ({"type": {"a": 1}}, "type", "invalid_value"),
    "a very long type": ({"type": "x" * 10_000}, "type", "invalid_value"),
    "the beta's update": (
        {"type": "transcription_session.update"},
        "type",
        "invalid_value",
    ),
    "a response": ({"type": "response.create"}, "type", "not_supported"),
    "a cancel": ({"type": "response.cancel"}, "type", "not_supported"),
    "an item": (
        {"type": "conversation.item.create", "item": {}},
        "type",
        "not_supported",
    ),
    "an item to delete": (
        {"type": "conversation.item.delete"},
        "type",
        "not_supported",
    ),
    "the output": ({"type": "output_audio_buffer.clear"}, "type", "not_supported"),
    "another session": (session(type="song"), "session.type", "invalid_value"),
    "no session": ({"type": UPDATE}, "session", "missing_required_parameter"),
    "a session that is text": (
        {"type": UPDATE, "session": "x"},
        "session",
        "invalid_type",
    ),
    "no audio": ({"type": APPEND}, "audio", "missing_required_parameter"),
    "audio of null": ({"type": APPEND, "audio": None}, "audio", "invalid_type"),
    "audio that is a list": ({"type": APPEND, "audio": [1]}, "audio", "invalid_type"),
    "an id that is a number": (
        {"type": "input_audio_buffer.commit", "event_id": 7},
        "event_id",
        "invalid_type",
    ),
    "an id without end": (
        {"type": "input_audio_buffer.commit", "event_id": "x" * 600},
        "event_id",
        "invalid_value",
    ),
    "a format": (
        audio(format={"type": "audio/mp3"}),
        "session.audio.input.format.type",
        "invalid_value",
    ),
    "the beta's format": (
        audio(format="pcm16"),
        "session.audio.input.format",
        "invalid_type",
    ),
    "a rate": (
        audio(format={"type": "audio/pcm", "rate": 96_000}),
        "session.audio.input.format.rate",
        "invalid_value",
    ),
    "a language": (
        audio(transcription={"language": "klingon"}),
        "session.audio.input.transcription.language",
        "invalid_value",
    ),
    "languages": (
        audio(transcription={"languages": ["en", "xx"]}),
        "session.audio.input.transcription.languages",
        "invalid_value",
    ),
    "a delay": (
        audio(transcription={"delay": "none"}),
        "session.audio.input.transcription.delay",
        "invalid_value",
    ),
    "a prompt without end": (
        audio(transcription={"prompt": "x" * 10_001}),
        "session.audio.input.transcription.prompt",
        "invalid_value",
    ),
    "turns": (
        audio(turn_detection={"type": "guess"}),
        "session.audio.input.turn_detection.type",
        "invalid_value",
    ),
    "turns that are text": (
        audio(turn_detection="server_vad"),
        "session.audio.input.turn_detection",
        "invalid_type",
    ),
    "a threshold": (
        audio(turn_detection={"type": "server_vad", "threshold": 1.5}),
        "session.audio.input.turn_detection.threshold",
        "invalid_value",
    ),
    "a silence": (
        audio(turn_detection={"type": "server_vad", "silence_duration_ms": -1}),
        "session.audio.input.turn_detection.silence_duration_ms",
        "invalid_value",
    ),
    "eagerness": (
        audio(turn_detection={"type": "semantic_vad", "eagerness": "very"}),
        "session.audio.input.turn_detection.eagerness",
        "invalid_value",
    ),
    "noise": (
        audio(noise_reduction={"type": "mid_field"}),
        "session.audio.input.noise_reduction.type",
        "invalid_value",
    ),
    "something to include": (
        session(include=["words"]),
        "session.include.0",
        "invalid_value",
    ),
}


@pytest.mark.parametrize(("event", "param", "code"), BAD.values(), ids=BAD)
def test_it_explains_what_is_wrong_with_an_event(event, param, code):
    with pytest.raises(Refused) as caught:
        read_event(json.dumps({"event_id": "mine", **event}))
    told = error_event(caught.value).wire()
    check_event(told)
    error = told["error"]
    assert (error["type"], error["code"], error["param"]) == (
        "invalid_request_error",
        code,
        param,
    )
    assert error["message"].endswith(".")
    assert len(error["message"]) < 500
    if isinstance(event.get("event_id", ""), str):
        assert error["event_id"] == event.get("event_id", "mine")[:512]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"commit"', "[" * 10_000, '{"type": ' + "9" * 5_000 + "}"],
    ids=lambda text: text[:10],
)
def test_text_that_is_no_event_is_a_bad_message(text):
    with pytest.raises(BadRequest) as caught:
        read_event(text)
    assert not isinstance(caught.value, Refused)
    check_event(error_event(caught.value).wire())


def test_it_reads_base64():
    for audio in (b"", b"\x00", b"\x01\x02\x03", bytes(range(256)) * 100):
        assert audio_bytes(base64.b64encode(audio).decode()) == audio


@pytest.mark.parametrize(
    "text", ["A", "AA", "AAA", "AA==A", "AA AA", "A-_A", "é===", "\x00"]
)
def test_it_refuses_what_is_not_base64(text):
    with pytest.raises(Refused) as caught:
        audio_bytes(text)
    assert (caught.value.code, caught.value.field) == ("invalid_value", "audio")
