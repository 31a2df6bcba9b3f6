"""The requests of known clients, replayed, and what each of them reads of the answer.

Each file in `tests/data/clients` is one request, taken from the source that it names.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.config import project_dir
from tests.fake_services import FakeServices
from tests.fakes import FakeStt
from tests.stt.recordings import recorded
from tests.stt.sounds import LoudnessVad, sound

FOLDER = project_dir() / "tests" / "data" / "clients"
PATHS = sorted(FOLDER.glob("*_transcription.json"))
RECORDED: dict[Path, dict[str, Any]] = {
    path: json.loads(path.read_text(encoding="utf-8")) for path in PATHS
}
TEXT = "Hello there. Good bye."
CODECS = {"mp3": "libmp3lame", "webm": "libopus", "mp4": "aac", "wav": "pcm_s16le"}
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "list": list,
}
FILE = "@file"
"""Where in the request the recording goes."""


@pytest.fixture
async def services(
    make_services: Callable[..., FakeServices],
) -> AsyncIterator[FakeServices]:
    stt = FakeStt(["Hello there.", "Good bye."])
    made = make_services(stt=stt, vad=LoudnessVad(), engine_isolation="thread")
    yield made
    await made.listening.stop()


def recording(container: str) -> bytes:
    samples = sound(-1, 1, -2, 1, -1, rate_hz=48_000)
    seekable = container in ("mp4", "wav")
    return recorded(samples, container, CODECS[container], seekable=seekable)


def body(request: dict[str, Any]) -> dict[str, Any]:
    """The body, as httpx takes it."""
    file = request["file"]
    content = recording(file["container"])
    if "json" in request:
        text = base64.b64encode(content).decode()
        return {"content": json.dumps(request["json"]).replace(FILE, text)}
    given = (file["name"], content, file["type"])
    parts = [
        (name, given if value == FILE else (None, value))
        for name, value in request["form"]
    ]
    return {"files": parts}


def found_at(answer: Any, path: str) -> Any:
    """What is at `segments.0.text`."""
    for step in path.split("."):
        answer = answer[int(step) if step.isdigit() else step]
    return answer


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
async def test_a_client_gets_what_it_reads(
    client: httpx.AsyncClient, path: Path
) -> None:
    request, expects = RECORDED[path]["request"], RECORDED[path]["expects"]
    headers = dict(request["headers"])
    if "json" in request:
        headers["Content-Type"] = "application/json"
    answer = await client.request(
        request["method"], request["path"], headers=headers, **body(request)
    )
    assert answer.status_code == expects["status"], answer.text
    assert answer.headers["content-type"].startswith(expects["content_type"])
    if expects["content_type"] == "text/event-stream":
        lines = [line for line in answer.text.split("\n\n") if line]
        told = [json.loads(line.removeprefix("data: ")) for line in lines]
        kinds = [each["type"] for each in told]
        assert set(expects["events"]) <= set(kinds)
        assert told[-1]["text"] == TEXT
        return
    content = answer.json()
    assert content["text"] == TEXT
    for place, kind in expects["json_has"].items():
        assert isinstance(found_at(content, place), TYPES[kind])


def test_each_recorded_request_says_where_it_is_from() -> None:
    assert len(RECORDED) >= 10
    for each in RECORDED.values():
        assert set(each) == {"client", "version", "source", "request", "expects"}
