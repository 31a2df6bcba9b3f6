"""A server shaped like OpenAI's audio API: transcriptions, speech, and both lists.

`with AudioServer() as server:` then `server.script` holds how the next requests for
texts and speech are answered; when it is empty, the server does what was asked.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping, Sequence
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import numpy as np

from common.audio import Audio, float_to_pcm16, read_wav, wav_bytes
from tests.servers.http import Behaviour, Reply, Request, ScriptedServer
from tests.servers.ollama import JSON

TRANSCRIPTIONS = "/v1/audio/transcriptions"
TRANSLATIONS = "/v1/audio/translations"
SPEECH = "/v1/audio/speech"
SAID = "The quick brown fox."
RATE_HZ = 24_000
SECONDS_PER_CHARACTER = 0.05


class AudioServer(ScriptedServer):
    """Answers by its script; with a `key` it refuses requests without it."""

    def __init__(
        self,
        *script: Behaviour,
        models: Sequence[Any] = ("whisper-1", "large"),
        voices: Any = ("anna", "ben"),
        key: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(tls)
        self.script = list(script)
        self.models = models
        self.voices = voices
        self.listing: Behaviour | None = None
        """How both lists are answered, if not with what they hold."""
        self._key = key

    @property
    def heard(self) -> list[dict[str, Any]]:
        """The forms of all requests for a text."""
        return [form_of(each) for each in self.audio_requests if "audio/t" in each.path]

    @property
    def audio_requests(self) -> list[Request]:
        """All requests but those for lists."""
        paths = (TRANSCRIPTIONS, TRANSLATIONS, SPEECH)
        return [each for each in self.requests if each.path in paths]

    def route(self, request: Request) -> Behaviour:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._key and given != self._key:
            return error(401, "Incorrect API key provided.")
        if request.path in (TRANSCRIPTIONS, TRANSLATIONS, SPEECH):
            usual = speak if request.path == SPEECH else write_down
            return self.script.pop(0) if self.script else usual
        lists = {
            "/v1/models": {"object": "list", "data": [_model(m) for m in self.models]},
            "/v1/audio/voices": _voices(self.voices),
        }
        listed = lists.get(request.path)
        if listed is None:
            return error(404, "")
        return self.listing or answer(listed)


def _voices(voices: Any) -> Any:
    return {"voices": voices} if isinstance(voices, list | tuple) else voices


def _model(entry: Any) -> Any:
    """As this server and Speaches list it."""
    task = "automatic-speech-recognition"
    return {"id": entry, "task": task} if isinstance(entry, str) else entry


def form_of(request: Request) -> dict[str, Any]:
    """The fields of a form; those with `[]` are lists, and `file` is the audio."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message: Any = BytesParser(policy=HTTP).parsebytes(head + request.body)
    form: dict[str, Any] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        content: bytes = part.get_payload(decode=True)
        if name == "file":
            form[name] = read_wav(content)
        elif name.endswith("[]"):
            form.setdefault(name, []).append(content.decode())
        else:
            form[name] = content.decode()
    return form


def transcript(text: str, seconds: float) -> dict[str, Any]:
    """As OpenAI gives it: `verbose_json` with words."""
    words = text.split()
    step = seconds / max(1, len(words))
    return {
        "task": "transcribe",
        "language": "english",
        "duration": seconds,
        "text": f" {text}",
        "segments": [
            {"id": 0, "start": 0.0, "end": seconds, "text": text, "avg_logprob": -0.1}
        ],
        "words": [
            {"word": word, "start": i * step, "end": (i + 1) * step}
            for i, word in enumerate(words)
        ],
    }


async def write_down(request: Request, reply: Reply) -> None:
    """`SAID`, with as much beside it as was asked for."""
    form = form_of(request)
    answer = transcript(SAID, form["file"].seconds)
    if form["response_format"] == "json":
        answer = {"text": answer["text"]}
    elif "timestamp_granularities[]" not in form:
        del answer["words"]
    await reply.whole(200, JSON, json.dumps(answer).encode())


def tone(seconds: float, rate_hz: int = RATE_HZ) -> Audio:
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    samples = 0.3 * np.sin(2 * np.pi * 440 * times)
    return Audio(samples.astype(np.float32), rate_hz)


async def speak(request: Request, reply: Reply) -> None:
    """A tone as long as the text, in the format that was asked for."""
    asked = request.json
    seconds = len(asked["input"]) * SECONDS_PER_CHARACTER / asked.get("speed", 1.0)
    if asked["response_format"] == "wav":
        await reply.whole(200, "audio/wav", wav_bytes(tone(seconds)))
        return
    await reply.begin(200, "audio/pcm")
    # A tenth of a second holds whole waves, so that chunks join.
    chunk = float_to_pcm16(tone(0.1).samples)
    left_bytes = 2 * int(seconds * RATE_HZ)
    while left_bytes:
        sent = chunk[:left_bytes]
        await reply.chunk(sent)
        left_bytes -= len(sent)
        await asyncio.sleep(0)
    await reply.end()


def answer(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Behaviour:
    """This JSON."""

    async def behave(request: Request, reply: Reply) -> None:
        await reply.whole(status, JSON, json.dumps(value).encode(), headers or {})

    return behave


def error(
    status: int, message: str, parameter: str | None = None, **headers: str
) -> Behaviour:
    """OpenAI's error; keywords are headers (`retry_after`)."""
    body = {"error": {"message": message, "type": "error", "param": parameter}}
    named = {name.replace("_", "-").title(): v for name, v in headers.items()}
    return answer(body if message else {}, status, named)


def raw(*chunks: bytes, content_type: str = JSON, status: int = 200) -> Behaviour:
    """These bytes."""

    async def behave(request: Request, reply: Reply) -> None:
        await reply.begin(status, content_type)
        for chunk in chunks:
            await reply.chunk(chunk)
        await reply.end()

    return behave


def stalls(*chunks: bytes, content_type: str = JSON) -> Behaviour:
    """These bytes, and then nothing more for ever."""

    async def behave(request: Request, reply: Reply) -> None:
        await reply.begin(200, content_type)
        for chunk in chunks:
            await reply.chunk(chunk)
        await asyncio.sleep(60)

    return behave


def cut_off(*chunks: bytes, content_type: str = JSON) -> Behaviour:
    """These bytes, and then the connection breaks."""

    async def behave(request: Request, reply: Reply) -> None:
        await reply.begin(200, content_type)
        for chunk in chunks:
            await reply.chunk(chunk)
        await reply.cut()

    return behave


def endless(chunk: bytes, content_type: str, gap_seconds: float = 0.0) -> Behaviour:
    """The same bytes again and again."""

    async def behave(request: Request, reply: Reply) -> None:
        await reply.begin(200, content_type)
        while True:
            await reply.chunk(chunk)
            await asyncio.sleep(gap_seconds)

    return behave


async def hangs(request: Request, reply: Reply) -> None:
    """Takes the request and says nothing."""
    await asyncio.sleep(60)


async def resets(request: Request, reply: Reply) -> None:
    """Closes the connection in place of an answer."""
    await reply.cut()
