"""One tiny server for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.project.server.live_server import TinyServer, tiny_server


@pytest.fixture(scope="package")
def server() -> Iterator[TinyServer]:
    with tiny_server(header_timeout_seconds=5) as running:
        yield running
        output = running.stop()
        assert "Traceback" not in output
