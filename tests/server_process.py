"""The real server in a process of its own, as a person would start it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from tests.runner.forked_server import ForkedServer
from tests.runner.migrated_database import put_migrated_database

READY_SECONDS = 120.0
STOP_SECONDS = 30.0
STEADY_SPEECH = {"piper_noise_scale": 0, "piper_noise_w": 0}
"""Without its noise Piper says a sentence the same way every time. With it, now and then
the smallest Whisper mishears a quarter of one."""
POLL_SECONDS = 0.1


# Far from those of the processes whose ids come next, and below those that systems hand
# out: what `free_port` has found is not taken by another test before its server starts.
_PORTS = (20_000 + (os.getpid() * 997 + n) % 12_000 for n in range(12_000))


def free_port() -> int:
    """A port on which nobody listens. Each is given once."""
    for port in _PORTS:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


class RunningServer:
    """A `manage.py serve` process: its address, its log, and its end."""

    def __init__(
        self, arguments: list[str], environment: Mapping[str, str], port: int, log: Path
    ) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}"
        self.wyoming_port = int(environment.get("WYOMING_PORT", 0))
        self._log_path = log
        whole = {**outer_environment(), **environment}
        self.process = ForkedServer(["serve", *arguments], whole, log)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        """What the server has written so far."""
        return self._log_path.read_text(encoding="utf-8", errors="replace")

    @property
    def memory_mb(self) -> float:
        """Resident memory of the server process itself, without its workers."""
        return float(psutil.Process(self.pid).memory_info().rss) / 1e6

    def wait_until_ready(self, url: str | None = None) -> None:
        self._wait_for(f"{url or self.url}/health/ready")

    def wait_until_answering(self) -> None:
        """Until the port answers; the models may still be loading."""
        self._wait_for(f"{self.url}/health/live")

    def _wait_for(self, address: str) -> None:
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            if (code := self.process.poll()) is not None:
                raise AssertionError(f"the server ended ({code}):\n{self.log}")
            if _answers(address):
                return
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"the server did not become ready:\n{self.log}")

    def wait_for_log(self, words: str, seconds: float = STOP_SECONDS) -> None:
        """Until it has written these words."""
        end = time.monotonic() + seconds
        while words not in self.log:
            assert time.monotonic() < end, self.log
            time.sleep(POLL_SECONDS)

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Its exit code, once it has ended."""
        return self.process.wait(seconds)

    def stop(self) -> int:
        """End it in order; its exit code. Safe to call twice."""
        if self.process.poll() is None:
            self.signal()
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


@contextlib.contextmanager
def started_server(*arguments: str, **settings: Any) -> Iterator[RunningServer]:
    """A server that was started, perhaps in vain; it is not waited for.

    Without a `data_dir` it starts with an empty database, else it makes its own.
    """
    with tempfile.TemporaryDirectory(prefix="voice-test-") as folder:
        if not settings.keys() & {"data_dir", "database_url"}:
            put_migrated_database(Path(folder) / "data")
        port = int(settings.get("tts_port") or free_port())
        chosen = {
            "data_dir": f"{folder}/data",
            "tts_port": port,
            "wyoming_port": 0,
            **settings,
        }
        server = RunningServer(
            list(arguments),
            server_environment(chosen),
            port,
            Path(folder) / "server.log",
        )
        try:
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def running_server(*arguments: str, **settings: Any) -> Iterator[RunningServer]:
    """A server that is ready. Keywords are settings: `running_server(offline=True)`."""
    with started_server(*arguments, **settings) as server:
        server.wait_until_ready()
        yield server


def _answers(address: str) -> bool:
    """Whether a GET comes back with 200. Asked ten times a second beside a server that
    starts, so without a client that reads all certificates first."""
    place = urlsplit(address)
    with closing(HTTPConnection(place.netloc, timeout=5)) as connection:
        try:
            connection.request("GET", place.path)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False


def outer_environment() -> dict[str, str]:
    """Without what would win over `tts_port`."""
    return {k: v for k, v in os.environ.items() if k not in ("HOST", "PORT")}


def server_environment(settings: Mapping[str, Any]) -> dict[str, str]:
    return {name.upper(): _as_text(value) for name, value in settings.items()}


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)
