"""Every route says how large its body may be, in one table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from common.config import Config
from common.config.server import LARGEST_JSON_KB
from gateway_app.access.routes import Body
from voiceproject.api import api
from voiceproject.routes.body_limits import (
    BodyLimits,
    body_of,
    in_words,
    json_limit_bytes,
)

CONTENT_TYPES = {
    "application/json": (Body.FIELDS, Body.RECORDING),
    "application/x-www-form-urlencoded": (Body.FIELDS,),
    "multipart/form-data": (Body.FIELDS, Body.UPLOAD, Body.RECORDING),
    "application/sdp": (Body.FIELDS,),
    "audio/*": (Body.RECORDING,),
}
TAKES_ANY_FIELD = {"/v1/realtime/client_secrets"}
"""Routes whose JSON may have unknown fields and needs none, so that all is accepted."""


def routes_with_body() -> Iterator[tuple[str, str, str]]:
    """Method, path and content type of each route that takes a body."""
    paths: dict[str, Any] = api.get_openapi_schema()["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            for content_type in operation.get("requestBody", {}).get("content", {}):
                yield method.upper(), path, content_type


@pytest.mark.parametrize(("method", "path", "content_type"), list(routes_with_body()))
def test_every_route_that_takes_a_body_has_a_row(
    method: str, path: str, content_type: str
) -> None:
    assert body_of(method, path) in CONTENT_TYPES[content_type]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/tts", Body.FIELDS),
        ("GET", "/tts", Body.NOTHING),
        ("DELETE", "/tts/conversations/a", Body.NOTHING),
        ("POST", "/tts/", Body.NOTHING),
        ("POST", "/nowhere", Body.NOTHING),
        ("POST", "/ws/stt", Body.NOTHING),
        ("post", "/tts", Body.NOTHING),
        ("POST", "/admin/login/", Body.FIELDS),
        ("POST", "/admin/tts_app/voice/upload/begin/", Body.FIELDS),
        ("POST", "/admin/tts_app/voice/upload/part/", Body.UPLOAD),
        ("POST", "/v1/audio/transcriptions", Body.RECORDING),
        ("POST", "/v1/audio/translations", Body.RECORDING),
        ("GET", "/v1/audio/translations", Body.NOTHING),
        ("POST", "/v1/audio/transcriptions/x", Body.FIELDS),
        ("POST", "/v1/realtime/calls", Body.FIELDS),
        ("POST", "/v1/realtime/calls/rtc_1/hangup", Body.NOTHING),
        ("POST", "/v1/audio/speech", Body.FIELDS),
        ("POST", "/v1/listen", Body.RECORDING),
        ("POST", "/v1/speak", Body.FIELDS),
        ("POST", "/v2/listen", Body.NOTHING),
    ],
)
def test_a_route_takes_what_its_row_says(method: str, path: str, body: Body) -> None:
    assert body_of(method, path) is body


@pytest.mark.parametrize("target", [b"/tts", b"/tts?a=/v1/audio/", b"/%74ts"])
def test_a_limit_is_found_as_the_address_is_read(target: bytes) -> None:
    limits = BodyLimits(Config(max_json_kb=3))
    assert limits.of(b"POST", target) == 3 * 1_024


def test_an_upload_may_have_what_is_configured() -> None:
    limits = BodyLimits(Config(max_body_mb=7, upload_max_mb=900))
    assert limits.of(b"POST", b"/v1/audio/transcriptions") == 900_000_000
    part = b"/admin/tts_app/voice/upload/part/?upload=1"
    assert limits.of(b"POST", part) == 7_000_000
    assert limits.of(b"GET", part) == limits.of(b"POST", b"/") == 1_024


@pytest.mark.parametrize("characters", [1, 5_000, 80_000])
def test_the_longest_texts_fit_however_they_are_escaped(characters: int) -> None:
    text = "\\ud83d\\ude00" * characters
    body = f'{{"text": "{text}", "system_prompt": "{text}"}}'
    config = Config(tts_max_text_length=characters)
    assert len(body) < json_limit_bytes(config) <= LARGEST_JSON_KB * 1_024


def test_no_text_length_lets_a_body_hold_the_event_loop() -> None:
    config = Config(tts_max_text_length=10**9)
    assert json_limit_bytes(config) == LARGEST_JSON_KB * 1_024


def test_limits_are_named_as_people_do() -> None:
    assert in_words(26_000_000) == "26 MB"
    assert in_words(1_024) == "1 KB"
