"""Why another server cannot be asked, in words that people can act on."""

from __future__ import annotations

import httpx
import pytest

from common.remote.failures import from_httpx


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("All connection attempts failed", "nothing listens there"),
        ("[Errno -2] Name or service not known", "unknown host name"),
        ("[Errno 111] Connection refused", "Connection refused"),
        ("", "ConnectError"),
    ],
)
def test_it_tells_no_number_of_the_operating_system(said: str, what: str) -> None:
    failure = from_httpx(httpx.ConnectError(said))
    assert failure.what == f"cannot be reached ({what})"
