"""Piper's own HTTP server, for comparison: it needs Flask, which we do not."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator

import httpx

from common.models.files import VoiceFiles
from tests.server_process import free_port

PYTHON = "PIPER_HTTP_PYTHON"
"""Names a Python that has piper-tts and Flask."""
READY_SECONDS = 60.0


@contextlib.contextmanager
def piper_http_server(voice: VoiceFiles) -> Iterator[str | None]:
    """Its address; None when no Python for it is named."""
    python = os.environ.get(PYTHON)
    if not python:
        print(f"piper.http_server: left out, {PYTHON} names no Python with Flask.")
        yield None
        return
    port = free_port()
    address = ["--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [python, "-m", "piper.http_server", "-m", str(voice.onnx), *address],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_ready(url: str) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/info", timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    raise TimeoutError("piper.http_server did not become ready")
