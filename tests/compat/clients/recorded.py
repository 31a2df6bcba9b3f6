"""Requests as other software sends them, one to a file in tests/data/clients.

A file has the fields `client`, `version`, `source` (where its author read the request),
`request` (`method`, `path`, `headers`, `json`) and `expects` (`status`, `content_type`,
`headers`, `json_has`: paths into the answer, `audio` and `rate_hz`: what the body holds,
`events`: the types of its server-sent events).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from common.audio import Audio, read_wav
from tests.tts.audio_files import decoded, pcm

FOLDER = Path(__file__).resolve().parents[2] / "data" / "clients"


@dataclass(frozen=True)
class Recorded:
    """One request of one client, and what its answer must be."""

    name: str
    client: str
    version: str
    source: str
    request: dict[str, Any]
    expects: dict[str, Any]

    async def send(self, client: httpx.AsyncClient) -> httpx.Response:
        request = self.request
        body = request.get("json")
        return await client.request(
            request["method"],
            request["path"],
            headers=request["headers"],
            content=json.dumps(body) if body is not None else None,
        )


def recordings(pattern: str) -> list[Recorded]:
    """Those whose file matches, in the order of their names."""
    return [
        Recorded(path.stem, **json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(FOLDER.glob(pattern))
    ]


def audio_of(answer: httpx.Response, expects: dict[str, Any]) -> Audio:
    """What the client would play."""
    body = answer.content
    if "events" in expects:
        deltas = [event.get("audio", "") for event in events_of(answer)]
        body = b"".join(base64.b64decode(delta) for delta in deltas)
    if expects["audio"] == "pcm":
        return pcm(body, expects["rate_hz"])
    return read_wav(body) if expects["audio"] == "wav" else decoded(body)


def events_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """As LiveKit reads them."""
    lines = answer.text.splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


def at(path: str, answer: Any) -> Any:
    """The value at a path such as `voices.0.id`. Raises LookupError."""
    for part in path.split("."):
        answer = answer[int(part) if part.isdigit() else part]
    return answer
