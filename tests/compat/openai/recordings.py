"""Recordings of tones, which LoudnessVad takes for speech, and how they are sent."""

from __future__ import annotations

import json
from typing import Any

import httpx

from common.audio import Audio, wav_bytes
from tests.stt.sounds import sound

TRANSCRIPTIONS = "/v1/audio/transcriptions"
TRANSLATIONS = "/v1/audio/translations"
SECONDS = 6.0


def talk() -> bytes:
    """A WAV file of six seconds: two utterances, the first at 1 s, the second at 4 s."""
    return wav_bytes(Audio(sound(-1, 1, -2, 1, -1), 16_000))


async def send(
    client: httpx.AsyncClient,
    path: str = TRANSCRIPTIONS,
    *,
    file: Any = None,
    headers: dict[str, str] | None = None,
    **fields: Any,
) -> httpx.Response:
    """The form, as a client sends it; `language__` is the field `language[]`."""
    data = {name.replace("__", "[]"): value for name, value in fields.items()}
    files = {"file": file or ("talk.wav", talk(), "audio/wav")}
    return await client.post(path, data=data, files=files, headers=headers)


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    """The server-sent events of an answer."""
    assert answer.headers["content-type"] == "text/event-stream"
    lines = answer.text.split("\n\n")
    return [json.loads(line.removeprefix("data: ")) for line in lines if line]


def error(answer: httpx.Response, status: int = 400) -> dict[str, Any]:
    """The error of the answer, which is one of the OpenAI API."""
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()["error"]
    assert set(told) == {"message", "type", "param", "code"}
    return told
