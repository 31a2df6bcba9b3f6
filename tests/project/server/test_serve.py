"""The life of `manage.py serve`: start, what it says, and its end."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import websockets
from websockets.sync.client import connect
from wyoming.info import Describe, Info

from common.config import project_dir
from tests.compat.wyoming.talking import Talk
from tests.project.server.live_server import connection, read_headers
from tests.server_process import (
    RunningServer,
    free_port,
    running_server,
    started_server,
)

# A busy machine may take long to start a process.
pytestmark = [pytest.mark.server, pytest.mark.timeout(400)]

FAKES: dict[str, Any] = {
    "stt_engine": "tests.project.fake_engines:Stt",
    "tts_engine": "tests.project.fake_engines:Tts",
    "llm_backend": "none",
}

CLOSE_THE_TERMINAL = """
import asyncio, os, signal
from voiceproject.startup.stop_signal import StopSignal

async def main():
    stop = StopSignal(lambda: None)
    os.kill(os.getpid(), signal.SIGHUP)
    print("stops" if stop.is_set() else "goes on")

asyncio.run(main())
"""
LONG_REQUEST = {"text": "This is a sentence. " * 200, "llm": False, "format": "pcm"}
MOST_GROWTH_MB = 20.0
START_SECONDS = 120.0
AT_ONCE_SECONDS = 15.0
"""Many times what it takes."""


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """For what leaves a server as it was; it must not have failed anywhere."""
    with running_server(**FAKES) as running:
        yield running
        assert "Traceback" not in running.log


def test_it_says_where_it_listens_and_what_it_runs(server: RunningServer) -> None:
    assert server.log.count("is ready after") == 1
    assert f"{server.url}/" in server.log
    assert f"{server.ws_url}/ws/stt" in server.log
    for title in ("Speech to text", "Text to speech", "Language model", "Database"):
        assert title in server.log


def test_it_answers_under_its_limits(server: RunningServer) -> None:
    answer = httpx.get(f"{server.url}/nowhere", timeout=30)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
    wrong_host = httpx.get(f"{server.url}/health", headers={"Host": "evil.example"})
    assert wrong_host.status_code == 400
    huge = httpx.post(f"{server.url}/tts", content=b"x" * 27_000_000, timeout=30)
    assert huge.status_code == 413


async def test_it_turns_an_unknown_socket_away_without_a_traceback(
    server: RunningServer,
) -> None:
    async with websockets.connect(f"{server.ws_url}/nowhere") as unknown:
        assert json.loads(await unknown.recv())["code"] == "not_found"
        await unknown.wait_closed()
    assert unknown.close_code == 4404
    assert "Traceback" not in server.log


def test_it_writes_json_lines_when_asked() -> None:
    with running_server(log_json_mode=True, **FAKES) as server:
        httpx.get(f"{server.url}/voices")
        assert server.stop() == 0
        entries = [json.loads(line) for line in server.log.splitlines()]
    events = [entry["event"] for entry in entries]
    assert "server ready" in events
    assert "server stopped" in events
    (answered,) = [e for e in entries if e.get("path") == "/voices"]
    assert answered["request_id"]
    assert not [e for e in entries if str(e.get("path", "")).startswith("/health")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_in_order_on_a_signal(number: int) -> None:
    with (
        running_server(shutdown_grace_seconds=60, **FAKES) as server,
        socket.create_connection(("127.0.0.1", server.port)) as half,
    ):
        half.sendall(b"POST /tts HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
        time.sleep(0.3)
        server.signal(number)
        assert server.wait(20) == 0
        assert "Traceback" not in server.log
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.url)


def test_it_outlives_its_terminal_below_nohup() -> None:
    ran = subprocess.run(
        ["nohup", sys.executable, "-c", CLOSE_THE_TERMINAL],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stdout.strip() == "goes on"


def test_it_ends_at_once_on_a_second_signal() -> None:
    endless = {**FAKES, "tts_engine": "tests.project.fake_engines:EndlessTts"}
    with (
        running_server(shutdown_grace_seconds=60, **endless) as server,
        httpx.stream("POST", f"{server.url}/tts", json=LONG_REQUEST) as response,
    ):
        assert response.status_code == 200
        server.signal()
        server.wait_for_log("server stopping")
        assert server.process.poll() is None
        server.signal()
        assert server.wait(AT_ONCE_SECONDS) == 128 + signal.SIGTERM


def test_it_aborts_a_response_that_does_not_end_in_time() -> None:
    endless = {**FAKES, "tts_engine": "tests.project.fake_engines:EndlessTts"}
    with (
        running_server(shutdown_grace_seconds=1, **endless) as server,
        httpx.stream("POST", f"{server.url}/tts", json=LONG_REQUEST) as response,
    ):
        assert response.status_code == 200
        server.signal()
        # A truncated response must not look complete. The client reads slowly: a
        # fast one could have all of it before the grace period is over.
        with pytest.raises(httpx.TransportError):
            for _ in response.iter_raw():
                time.sleep(0.01)
        assert server.wait(20) == 0
        assert "Traceback" not in server.log


def test_it_makes_no_speech_that_nobody_reads() -> None:
    endless = {**FAKES, "tts_engine": "tests.project.fake_engines:EndlessTts"}
    body = json.dumps(LONG_REQUEST).encode()
    with (
        running_server(slow_reader_seconds=2, **endless) as server,
        connection(server.port, receive_buffer=4_096) as client,
    ):
        # The first speech brings what is loaded only then.
        short = {"text": "Hi.", "llm": False, "format": "pcm"}
        assert httpx.post(f"{server.url}/tts", json=short).status_code == 200
        before = server.memory_mb
        client.sendall(
            b"POST /tts HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n"
            b"Content-Type: application/json\r\n\r\n%b" % (len(body), body)
        )
        assert read_headers(client).startswith(b"HTTP/1.1 200 ")
        ends_at = time.monotonic() + 60
        while "slow reader cut off" not in server.log:
            assert server.memory_mb - before < MOST_GROWTH_MB
            assert time.monotonic() < ends_at
            time.sleep(0.3)


def test_it_stops_before_it_listens() -> None:
    with started_server(**FAKES) as server:
        time.sleep(0.2)
        server.signal()
        assert server.wait(START_SECONDS) in (0, -signal.SIGTERM)


def loads_until(file: Path) -> dict[str, Any]:
    """An engine that loads until the file exists."""
    options = json.dumps({"until": str(file)})
    slow = "tests.project.fake_engines:SlowStt"
    return {**FAKES, "stt_engine": slow, "stt_engine_options": options}


def test_it_answers_while_it_loads_and_works_when_it_has(tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    with started_server(**loads_until(go_on)) as server:
        page = _first_answer(server.url, headers={"Accept": "text/html"})
        assert page.status_code == 503
        assert "Loading the models" in page.text
        assert httpx.get(f"{server.url}/health").json()["status"] == "loading"
        with connect(f"{server.ws_url}/ws/stt") as early:
            assert json.loads(early.recv())["code"] == "loading"
            with pytest.raises(websockets.ConnectionClosedError):
                early.recv()
        assert early.close_code == 4503
        go_on.touch()
        server.wait_until_ready()
        assert "Speech to text: loaded in " in server.log
        assert server.log.index("loaded in ") < server.log.index("is ready after ")


def test_a_signal_ends_it_while_it_loads(tmp_path: Path) -> None:
    with started_server(**loads_until(tmp_path / "never")) as server:
        assert _first_answer(f"{server.url}/health/live").status_code == 200
        began = time.monotonic()
        server.signal()
        assert server.wait(20) == 0
        assert time.monotonic() - began < AT_ONCE_SECONDS
        assert "Traceback" not in server.log


def test_it_names_what_is_missing_and_what_mends_it() -> None:
    broken = {**FAKES, "tts_engine": "tests.project.fake_engines:BrokenTts"}
    with started_server(**broken) as server:
        assert server.wait(START_SECONDS) == 1
        assert server.log.splitlines()[-1] == (
            "The voice is missing: run `manage.py voices download x`."
        )
        assert "Traceback" not in server.log


def test_it_runs_two_services_when_split() -> None:
    ports = {name: free_port() for name in ("stt_port", "wyoming_tts_port")}
    stt_port = ports["stt_port"]
    wyoming_port = free_port()
    with running_server(
        "--split", wyoming_port=wyoming_port, **ports, **FAKES
    ) as server:
        stt_url = f"http://127.0.0.1:{stt_port}"
        server.wait_until_ready(stt_url)
        assert "whisper" in httpx.get(f"{stt_url}/health").json()["parts"]
        assert httpx.get(f"{stt_url}/voices").status_code == 404
        parts = httpx.get(f"{server.url}/health").json()["parts"]
        assert "piper" in parts
        assert "whisper" not in parts
        assert httpx.get(f"{server.url}/voices").status_code == 200
        assert offered(wyoming_port) == (True, False)
        assert offered(ports["wyoming_tts_port"]) == (False, True)
        killed = psutil.Process(server.pid).children()[0]
        killed.kill()
        time.sleep(1)
        server.wait_until_ready(stt_url)
        server.wait_until_ready()
        assert "service died" in server.log
        assert server.stop() == 0
        assert not psutil.pid_exists(killed.pid)


def offered(port: int) -> tuple[bool, bool]:
    """Whether a Wyoming port offers speech to text, and text to speech."""

    async def ask() -> Info:
        async with Talk(port) as client:
            await client.say(Describe())
            return Info.from_event(await client.next())

    info = asyncio.run(ask())
    return bool(info.asr), bool(info.tts)


def test_it_gives_up_when_a_split_service_cannot_start() -> None:
    broken = {**FAKES, "tts_engine": "tests.project.fake_engines:BrokenTts"}
    with started_server("--split", stt_port=free_port(), **broken) as server:
        assert server.wait(START_SECONDS) == 1
        assert "The voice is missing" in server.log


def test_its_services_end_when_their_supervisor_is_killed() -> None:
    stt_port = free_port()
    with running_server("--split", stt_port=stt_port, **FAKES) as server:
        server.wait_until_ready(f"http://127.0.0.1:{stt_port}")
        children = psutil.Process(server.pid).children()
        server.signal(signal.SIGKILL)
        _, alive = psutil.wait_procs(children, timeout=AT_ONCE_SECONDS)
        assert alive == []


def test_it_also_runs_under_plain_daphne(tmp_path: Path) -> None:
    port = free_port()
    settings = {**FAKES, "data_dir": tmp_path}
    environment = {name.upper(): str(value) for name, value in settings.items()}
    # Only `manage.py serve` does it by itself.
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=project_dir(),
        env={**os.environ, **environment},
        check=True,
    )
    command = [sys.executable, "-m", "daphne", "-p", str(port)]
    with subprocess.Popen(
        [*command, "voiceproject.asgi:application"],
        cwd=project_dir(),
        env={**os.environ, **environment},
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            answer = _first_answer(f"http://127.0.0.1:{port}/health/ready")
            assert answer.status_code == 200
        finally:
            process.terminate()


def _first_answer(url: str, **options: Any) -> httpx.Response:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            return httpx.get(url, timeout=30, **options)
        except httpx.ConnectError:
            assert time.monotonic() < end
            time.sleep(0.2)


def test_runserver_names_serve() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "runserver"],
        cwd=project_dir(),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert done.returncode == 1
    assert re.search(r"manage\.py serve", done.stderr)
