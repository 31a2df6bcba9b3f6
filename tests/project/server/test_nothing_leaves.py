"""A server that speaks and listens writes no device id and talks to this machine only."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from common.audio import read_wav
from common.product import SLUG
from common.telemetry import SWITCHES
from tests.clients import speak, transcribe_over_socket
from tests.project.server.outgoing import (
    RefusingProxy,
    SocketWatch,
    files_below,
    telling_environment,
)
from tests.server_process import RunningServer, started_server

pytestmark = [pytest.mark.server, pytest.mark.model, pytest.mark.timeout(300)]

SENTENCE = "Nothing that you say leaves this machine."
DEVICE_ID = ".cache/Microsoft/DeveloperTools/.onnxruntime/deviceid"
# ONNX Runtime 1.32 asked for its maker's server 9 s after it had been loaded.
WATCHED_SECONDS = 13.0
# Sends no packet: connecting a datagram socket only notes the address, which is one
# of those that documentation may use.
PLANTED = (
    "import socket, sys; s = socket.socket(type=socket.SOCK_DGRAM); "
    "s.connect(('192.0.2.1', 443)); print('connected', flush=True); sys.stdin.read()"
)


@dataclass
class Seen:
    """What a server did that was spoken to and listened to."""

    heard: str
    watch: SocketWatch
    asked_of_proxy: list[str]
    files: list[str]
    environments: list[dict[str, str]]
    """What each child process was started with."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    home = tmp_path_factory.mktemp("home")
    with RefusingProxy() as proxy:
        settings = {"whisper_model_name": "tiny.en", "llm_backend": "embedded"}
        environment = telling_environment(home, proxy)
        with (
            started_server(**settings, **environment) as server,
            SocketWatch(server.pid) as watch,
        ):
            server.wait_until_ready()
            end = time.monotonic() + WATCHED_SECONDS
            heard = asyncio.run(_use(server))
            children = [process.environ() for process in watch.family()[1:]]
            time.sleep(max(0.0, end - time.monotonic()))
            server.stop()
        yield Seen(heard, watch, proxy.targets, files_below(home), children)


async def _use(server: RunningServer) -> str:
    """Speak, let it answer a prompt, and listen to what was spoken."""
    spoken = await speak(server.url, text=SENTENCE, llm=False, format="wav")
    answered = await speak(server.url, text="Say hello.", max_tokens=20)
    assert (spoken.status, answered.status) == (200, 200)
    audio = read_wav(spoken.body)
    heard = await transcribe_over_socket(server.url, audio, real_time=False)
    return heard.text


def test_it_writes_only_into_its_own_cache(seen: Seen) -> None:
    assert "machine" in seen.heard.lower()
    assert [name for name in seen.files if not _is_ours(name)] == []


def _is_ours(name: str) -> bool:
    return name.startswith(f".cache/{SLUG}/")


def test_it_talks_to_this_machine_only(seen: Seen) -> None:
    assert seen.watch.looks > WATCHED_SECONDS
    assert seen.watch.sockets > 0
    assert seen.watch.foreign == set()
    assert seen.asked_of_proxy == []


def test_its_workers_are_started_with_telemetry_off(seen: Seen) -> None:
    assert len(seen.environments) >= 3
    for environment in seen.environments:
        assert [environment[switch] for switch in SWITCHES] == ["1", "1"]


def test_the_library_alone_would_write_a_device_id(tmp_path: Path) -> None:
    with RefusingProxy() as proxy:
        environment = {**os.environ, **telling_environment(tmp_path, proxy)}
        command = [sys.executable, "-c", "import onnxruntime"]
        subprocess.run(command, env=environment, timeout=60, check=True)
    written = files_below(tmp_path)
    assert DEVICE_ID in written
    assert not _is_ours(DEVICE_ID)


def test_a_planted_connection_would_be_seen() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PLANTED], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        # The child of this process, as a worker is one of the server.
        with SocketWatch(psutil.Process().pid) as watch:
            _wait_for_looks(watch, 3)
        child.communicate()
    assert any("192.0.2.1:443" in address for address in watch.foreign)


def _wait_for_looks(watch: SocketWatch, count: int) -> None:
    end = time.monotonic() + 20
    while watch.looks < count:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_server_that_listens_for_others_would_be_seen() -> None:
    with socket.create_server(("0.0.0.0", 0)), SocketWatch(os.getpid()) as watch:
        _wait_for_looks(watch, 2)
    assert any("0.0.0.0" in address for address in watch.foreign)


def test_a_request_for_another_machine_would_be_seen() -> None:
    with RefusingProxy() as proxy:
        with pytest.raises(httpx.ProxyError):
            httpx.get("https://maker.invalid/events", proxy=proxy.url)
        assert proxy.targets == ["maker.invalid:443"]
