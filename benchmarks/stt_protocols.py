"""What the endpoints of other protocols add to the final text, live and of recordings."""

from __future__ import annotations

import asyncio
import base64
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import websockets
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart
from wyoming.client import AsyncTcpClient

from benchmarks.corpus import LEFT_OUT, audio_of, short_english
from benchmarks.flags import Flags
from benchmarks.labels import acoustic_bounds
from benchmarks.report import table
from benchmarks.turns import Ask, compared, in_turns
from common.audio import PCM16_BYTES, SPEECH_RATE_HZ, Audio, float_to_pcm16, wav_bytes
from common.config import load_config
from gateway_app.access.principals import LOCAL
from gateway_app.history.records import NO_HISTORY
from stt_app.core.files.request import FileRequest
from stt_app.core.session.options import Options
from stt_app.service import ListeningService
from stt_app.services import build_listening, whisper_engine
from tests.server_process import RunningServer, free_port, running_server

MODEL = "tiny.en"
SILENCE_MS = 700
CHUNK_MS = 20
CLIPS = 5
TURNS = 16
LONGEST_WAIT_SECONDS = 10.0
REALTIME_RATE_HZ = 24_000
SERVER = {
    "whisper_model_name": MODEL,
    "llm_backend": "none",
    "silence_max_seconds": SILENCE_MS / 1000,
}
SAMPLES = f"encoding=linear16&sample_rate={SPEECH_RATE_HZ}"
Send = Callable[[bytes], Awaitable[None]]


def run(flags: Flags) -> str:
    """Two tables: live streams, and recordings."""
    clips = [Clip.of(audio_of(each)) for each in short_english(flags, "clean")]
    clips = sorted(clips, key=lambda clip: clip.audio.seconds)[:CLIPS]
    if not clips:
        return LEFT_OUT.format(name="stt_protocols")
    turns = CLIPS if flags.quick else TURNS
    with running_server(**SERVER, wyoming_port=free_port()) as server:
        live = asyncio.run(in_turns(_live(server, clips), turns))
        recorded = asyncio.run(_recorded(server, clips, turns))
    header = ["endpoint", "time", "more than the first"]
    return "\n".join(
        [
            table(
                "End of speech to final text, median and p95; differences in a turn",
                header,
                compared(live),
            ),
            table("Recordings, whole answer", header, compared(recorded)),
        ]
    )


@dataclass(frozen=True, eq=False)
class Clip:
    """A recording at 16 kHz, and the end of its speech."""

    audio: Audio
    end_seconds: float

    @classmethod
    def of(cls, audio: Audio) -> Clip:
        return cls(audio, acoustic_bounds(audio.samples).end_seconds)


# Live


def _live(server: RunningServer, clips: list[Clip]) -> dict[str, Ask]:
    listen = f"/v1/listen?interim_results=true&endpointing={SILENCE_MS}&{SAMPLES}"
    return {
        "`/ws/stt`": _socket(server, clips, "/ws/stt?interim_results=true", _native),
        "`/v1/realtime`": _realtime(server, clips),
        "`/v1/listen`": _socket(server, clips, listen, _listen),
        "`/v2/listen`": _socket(server, clips, f"/v2/listen?{SAMPLES}", _flux),
        "Wyoming `transcribe`": _wyoming(server, clips),
    }


def _native(event: dict[str, Any]) -> bool:
    return bool(event["type"] == "transcript" and event["text"])


def _listen(event: dict[str, Any]) -> bool:
    if event["type"] != "Results" or not event["is_final"]:
        return False
    return bool(event["channel"]["alternatives"][0]["transcript"])


def _flux(event: dict[str, Any]) -> bool:
    return bool(event["type"] == "TurnInfo" and event["event"] == "EndOfTurn")


def _completed(event: dict[str, Any]) -> bool:
    return str(event["type"]).endswith("input_audio_transcription.completed")


def _socket(
    server: RunningServer,
    clips: list[Clip],
    path: str,
    is_final: Callable[[dict[str, Any]], bool],
) -> Ask:
    """Raw samples in; the address says how they are encoded."""

    async def ask(turn: int) -> float:
        clip = clips[turn % len(clips)]
        async with websockets.connect(server.ws_url + path, compression=None) as socket:
            final = asyncio.create_task(_until(socket, is_final))
            return await _played(clip, SPEECH_RATE_HZ, socket.send, final)

    return ask


def _realtime(server: RunningServer, clips: list[Clip]) -> Ask:
    detection = {"type": "server_vad", "silence_duration_ms": SILENCE_MS}
    settings = {
        "format": {"type": "audio/pcm", "rate": REALTIME_RATE_HZ},
        "transcription": {"model": "whisper-1", "language": "en"},
        "turn_detection": detection,
    }
    session = {"type": "transcription", "audio": {"input": settings}}
    url = f"{server.ws_url}/v1/realtime?intent=transcription"

    async def ask(turn: int) -> float:
        async with websockets.connect(url, compression=None) as socket:

            async def send(pcm: bytes) -> None:
                audio = base64.b64encode(pcm).decode()
                message = {"type": "input_audio_buffer.append", "audio": audio}
                await socket.send(json.dumps(message))

            await socket.send(
                json.dumps({"type": "session.update", "session": session})
            )
            final = asyncio.create_task(_until(socket, _completed))
            clip = clips[turn % len(clips)]
            return await _played(clip, REALTIME_RATE_HZ, send, final)

    return ask


def _wyoming(server: RunningServer, clips: list[Clip]) -> Ask:
    form = (SPEECH_RATE_HZ, PCM16_BYTES, 1)

    async def ask(turn: int) -> float:
        async with AsyncTcpClient("127.0.0.1", server.wyoming_port) as client:

            async def send(pcm: bytes) -> None:
                await client.write_event(AudioChunk(*form, pcm).event())

            async def transcript() -> float:
                while (event := await client.read_event()) is not None:
                    if Transcript.is_type(event.type):
                        assert Transcript.from_event(event).text
                        return time.perf_counter()
                raise AssertionError("no transcript")

            await client.write_event(Transcribe(language="en").event())
            await client.write_event(AudioStart(*form).event())
            final = asyncio.create_task(transcript())
            clip = clips[turn % len(clips)]
            return await _played(clip, SPEECH_RATE_HZ, send, final)

    return ask


async def _until(socket: Any, is_final: Callable[[dict[str, Any]], bool]) -> float:
    """The moment at which the first final text has come."""
    async for message in socket:
        event = json.loads(message)
        assert event["type"] not in ("error", "Error"), event
        if is_final(event):
            return time.perf_counter()
    raise AssertionError(f"closed without a text: {socket.close_reason}")


async def _played(
    clip: Clip, rate_hz: int, send: Send, final: asyncio.Task[float]
) -> float:
    """Play it in real time and then silence, until the final text has come: the seconds
    from the acoustic end of the speech to then.
    """
    pcm = float_to_pcm16(clip.audio.resampled(rate_hz).samples)
    step = rate_hz * CHUNK_MS // 1000 * PCM16_BYTES
    longest = len(pcm) + int(LONGEST_WAIT_SECONDS * 1000 / CHUNK_MS) * step
    began = due = time.perf_counter()
    for start in range(0, longest, step):
        due += CHUNK_MS / 1000
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if final.done():
            break
        await send(pcm[start : start + step].ljust(step, b"\0"))
    return await final - began - clip.end_seconds


# Recordings


async def _recorded(
    server: RunningServer, clips: list[Clip], turns: int
) -> dict[str, list[float]]:
    """Beside the service itself, in this process and with an engine of its own."""
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=60) as client,
        _service() as listening,
    ):
        ways = {
            "`ListeningService.transcribe_file`": _in_process(listening, clips),
            "`/v1/audio/transcriptions`": _posted_form(client, clips),
            "`/v1/listen`": _posted_body(client, clips),
        }
        return await in_turns(ways, turns)


@asynccontextmanager
async def _service() -> AsyncIterator[ListeningService]:
    config = load_config({"WHISPER_MODEL_NAME": MODEL}).config
    services = build_listening(config, whisper_engine(config), NO_HISTORY)
    await services.engine.start()
    await services.listening.start()
    try:
        yield services.listening
    finally:
        await services.listening.stop()
        await services.engine.stop()


def _in_process(listening: ListeningService, clips: list[Clip]) -> Ask:
    async def ask(turn: int) -> float:
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            file.write(wav_bytes(clips[turn % len(clips)].audio))
            file.flush()
            began = time.perf_counter()
            request = FileRequest(Path(file.name), Options(language="en"))
            async for _event in listening.transcribe_file(request, principal=LOCAL):
                pass
            return time.perf_counter() - began

    return ask


def _posted_form(client: httpx.AsyncClient, clips: list[Clip]) -> Ask:
    async def ask(turn: int) -> float:
        files = {"file": ("clip.wav", wav_bytes(clips[turn % len(clips)].audio))}
        fields = {"model": "whisper-1", "language": "en"}
        began = time.perf_counter()
        answer = await client.post("/v1/audio/transcriptions", files=files, data=fields)
        assert answer.json()["text"], answer.text
        return time.perf_counter() - began

    return ask


def _posted_body(client: httpx.AsyncClient, clips: list[Clip]) -> Ask:
    async def ask(turn: int) -> float:
        began = time.perf_counter()
        recording = wav_bytes(clips[turn % len(clips)].audio)
        answer = await client.post(
            "/v1/listen?model=nova-3&language=en", content=recording
        )
        assert answer.json()["results"], answer.text
        return time.perf_counter() - began

    return ask
