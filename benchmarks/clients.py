"""Real client software against the real server: does it work, and how fast?

The clients are not among this project's dependencies. `--python` names a Python that has
them: pipecat-ai[openai,deepgram], livekit-agents, livekit-plugins-openai,
livekit-plugins-deepgram, deepgram-sdk, wyoming, wyoming_openai, openai-agents, soxr.
The language model is llama.cpp's own server, so that functions can be called.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.client_scripts.checks import Clip, Task
from benchmarks.corpus import LEFT_OUT, audio_of, samples_of, short_english
from benchmarks.flags import Flags
from benchmarks.labels import acoustic_bounds
from benchmarks.report import ROOT, table
from common.audio import SPEECH_RATE_HZ, Audio, float_to_pcm16, pcm16_to_float
from tests.clients import speak, transcribe_over_socket
from tests.server_process import RunningServer, free_port, running_server
from tests.servers.llama_cpp import LlamaServer
from tests.word_errors import Recording, word_error_rate

SCRIPTS = (
    "openai_sdk",
    "pipecat_services",
    "livekit_plugins",
    "deepgram_sdk",
    "wyoming_client",
    "wyoming_bridge",
    "pipecat_talk",
    "agents_sdk",
    "livekit_talk",
)
SCRIPT_SECONDS = 1_200.0
SENTENCE = "The library closes at nine, but you can return books at any time."
SENTENCE_SECONDS = (2.5, 6.0)
"""Nobody says this sentence faster or more slowly; at a wrong rate it would be."""
MOST_ERRORS = 0.10
CLIPS = 4
TAIL_SECONDS, LIVE_TAIL_SECONDS = 1.0, 3.0
PCM_RATE_HZ = 24_000
HEADER = ["client", "service", "what was done", "result", "time"]
SERVER: dict[str, Any] = {
    "whisper_model_name": "tiny.en",
    "llm_backend": "openai",
    "tts_cache_mb": 0,
    # So small a model does not obey "in one short sentence".
    "llm_max_tokens": 60,
    # On a machine that is busy with other things the clients should wait.
    "stt_lag_limit_seconds": 60,
}


@dataclass(frozen=True)
class Wanted:
    """The recordings, and their texts as they should be heard."""

    recordings: list[Recording]
    task: Task


def run(flags: Flags) -> str:
    """A row for each thing that a client does. Needs `--python` and recordings."""
    if not flags.python:
        return "clients: left out, --python names no Python that has the clients.\n"
    recordings = _recordings(flags)
    if not recordings:
        return LEFT_OUT.format(name="clients")
    llama = LlamaServer()
    settings = SERVER | {
        "openai_url": llama.url,
        "openai_model": llama.model,
        "openai_api_key": llama.key,
        "wyoming_port": free_port(),
    }
    with (
        tempfile.TemporaryDirectory(prefix="voice-clients-") as folder,
        running_server(**settings) as server,
    ):
        wanted = Wanted(recordings, _task(server, recordings, Path(folder)))
        results = chain(
            asyncio.run(_ours(server, wanted)),
            *(_results(flags.python, script, wanted.task) for script in SCRIPTS),
        )
        rows = [_row(server, wanted, result) for result in results]
    title = f"Real clients, {len(recordings)} recordings and one sentence"
    return table(title, HEADER, rows)


def _recordings(flags: Flags) -> list[Recording]:
    """The longest, in which people pause, and some short ones."""
    clips = sorted(
        short_english(Flags(), "clean"), key=lambda clip: clip.seconds, reverse=True
    )
    many = 1 if flags.quick else CLIPS - 1
    commands = [clip for clip in clips if len(clip.reference.split()) >= 7]
    return [*clips[:1], *commands[-many:]] if clips else []


def _task(server: RunningServer, recordings: list[Recording], folder: Path) -> Task:
    clips = []
    for number, recording in enumerate(recordings):
        samples = samples_of(recording)
        path = folder / f"{number}.pcm"
        path.write_bytes(float_to_pcm16(samples))
        clips.append(Clip(str(path), acoustic_bounds(samples).end_seconds))
    return Task(server.url, server.wyoming_port, clips, SENTENCE)


async def _ours(server: RunningServer, wanted: Wanted) -> list[dict[str, Any]]:
    """This server's own interface, for comparison."""
    clips = [audio_of(recording) for recording in wanted.recordings]
    texts, seconds = [], []
    for audio, clip in zip(clips, wanted.task.clips, strict=True):
        heard = await transcribe_over_socket(
            server.url, audio, real_time=True, tail_seconds=LIVE_TAIL_SECONDS
        )
        texts.append(heard.text)
        times = zip(heard.events, heard.arrived_seconds, strict=True)
        last = [at for event, at in times if event["type"] == "transcript"][-1]
        seconds.append(last - clip.speech_end_seconds)
    speech = await speak(
        server.url, text=SENTENCE, llm=False, format="pcm", sample_rate=PCM_RATE_HZ
    )
    own = {"client": "none", "did": "live", "service": "`/ws/stt`"}
    return [
        {**own, "texts": texts, "seconds": seconds},
        {
            **own,
            "service": "`/tts`",
            "did": "streamed PCM",
            "pcm": speech.body.hex(),
            "rate_hz": PCM_RATE_HZ,
            "first_byte_seconds": speech.first_byte_seconds,
        },
    ]


def _results(python: str, script: str, task: Task) -> Iterator[dict[str, Any]]:
    """What a script prints, a line for each of its checks."""
    process = subprocess.Popen(
        [python, "-m", f"benchmarks.client_scripts.{script}"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    limit = threading.Timer(SCRIPT_SECONDS, process.kill)
    limit.start()
    with process:
        process.stdin.write(json.dumps(asdict(task)))
        process.stdin.close()
        for line in process.stdout:
            yield json.loads(line)
    limit.cancel()
    if process.returncode:
        yield {"client": script, "error": f"ended with {process.returncode}"}


def _row(server: RunningServer, wanted: Wanted, result: dict[str, Any]) -> list[str]:
    outcome, time = _outcome(server, wanted, result)
    client = f"{result['client']} {result.get('version', '')}".strip()
    row = [client, result.get("service", ""), result.get("did", ""), outcome, time]
    print(" | ".join(row), file=sys.stderr, flush=True)
    return row


def _outcome(
    server: RunningServer, wanted: Wanted, result: dict[str, Any]
) -> tuple[str, str]:
    if "error" in result:
        return f"FAILED: {result['error']}".replace("|", "/")[:300], ""
    if "pcm" in result:
        return _spoken(server, bytes.fromhex(result["pcm"]), result)
    if "texts" in result:
        return _heard(wanted, result["texts"], result["seconds"])
    return f"ok: {result['says']}", ""


def _heard(
    wanted: Wanted, texts: Sequence[str], seconds: Sequence[float]
) -> tuple[str, str]:
    said = [recording.reference for recording in wanted.recordings]
    errors = word_error_rate(zip(said, texts, strict=True))
    words = f"{100 * errors:.0f} % word errors"
    if errors > MOST_ERRORS:
        return f"FAILED: {words}: {list(texts)}".replace("|", "/"), ""
    return f"ok, {words}", f"{1000 * statistics.median(seconds):.0f} ms"


def _spoken(
    server: RunningServer, pcm: bytes, result: dict[str, Any]
) -> tuple[str, str]:
    audio = Audio(pcm16_to_float(pcm), result["rate_hz"])
    heard = asyncio.run(
        transcribe_over_socket(
            server.url,
            audio.resampled(SPEECH_RATE_HZ),
            real_time=False,
            tail_seconds=TAIL_SECONDS,
        )
    )
    errors = word_error_rate([(SENTENCE, heard.text)])
    what = f"{audio.seconds:.1f} s at {audio.rate_hz} Hz, heard back with {100 * errors:.0f} % word errors"
    low, high = SENTENCE_SECONDS
    good = low < audio.seconds < high and errors <= MOST_ERRORS
    time = f"{1000 * result['first_byte_seconds']:.0f} ms"
    return ("ok, " if good else "FAILED: ") + what, time
