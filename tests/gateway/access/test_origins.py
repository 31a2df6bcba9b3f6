"""Which pages may send requests from a browser."""

from __future__ import annotations

import contextlib

import pytest

from common.errors import Forbidden
from gateway_app.access.origins import check_origin
from tests.fake_services import loaded_config


@pytest.mark.parametrize(
    ("scheme", "host", "origin", "allowed"),
    [
        ("ws", "example.org", "http://example.org", True),
        ("ws", "example.org:80", "http://example.org", True),
        ("wss", "example.org", "https://example.org:443", True),
        ("wss", "example.org", "http://example.org", False),
        ("ws", "example.org:8000", "http://example.org:8000", True),
        ("ws", "example.org:8000", "http://example.org", False),
        ("ws", "[::1]:8000", "http://[::1]:8000", True),
        ("ws", "example.org", "http://example.org.evil", False),
        ("ws", "example.org", "file://", False),
        ("ws", "example.org", "http://example.org:no", False),
        ("ws", "Example.org", "http://example.ORG", True),
        ("ws", "rebound.example", "http://rebound.example", False),
    ],
)
def test_it_compares_scheme_host_and_port(scheme, host, origin, allowed):
    config = loaded_config(allowed_hosts=["example.org", "[::1]"]).config
    scope = {
        "scheme": scheme,
        "headers": [(b"host", host.encode()), (b"origin", origin.encode())],
    }
    with contextlib.nullcontext() if allowed else pytest.raises(Forbidden):
        check_origin(scope, config)
