"""The table of addresses that need no key."""

from __future__ import annotations

import pytest

from gateway_app.access.public_paths import is_public_list, skips_access
from tests.fake_services import loaded_config


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/login/",
        "/static/css/a.css",
        "/favicon.ico",
        "/manifest.webmanifest",
    ],
)
def test_some_addresses_never_ask_for_a_key(path: str) -> None:
    assert skips_access(path)


@pytest.mark.parametrize(
    "path",
    ["/", "/admin", "/health", "/health/livelier", "/favicon.icon", "/v1/models"],
)
def test_their_neighbours_do(path: str) -> None:
    assert not skips_access(path)


@pytest.mark.parametrize(
    ("method", "path", "public"),
    [
        ("GET", "/v1/models", True),
        ("HEAD", "/v1/models", True),
        ("OPTIONS", "/v1/models", True),
        ("GET", "/v1/models/org/name", True),
        ("GET", "/v1/audio/models", True),
        ("GET", "/v1/audio/voices", True),
        ("POST", "/v1/models", False),
        ("DELETE", "/v1/models/tts-1", False),
        ("GET", "/v1/modelsx", False),
        ("GET", "/v1/audio/voices/x", False),
        ("GET", "/v1/audio/speech", False),
        ("GET", "/voices", False),
    ],
)
def test_the_lists_may_be_read(method: str, path: str, public: bool) -> None:
    assert is_public_list(method, path, loaded_config().config) is public
    closed = loaded_config(public_lists=False).config
    assert not is_public_list(method, path, closed)
