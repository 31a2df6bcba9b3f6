"""Function calls in a spoken conversation, with a real OpenAI-compatible server.

llama.cpp's own server holds the embedded model, which needs examples to call a function;
llama.cpp's grammar sees to the arguments. The client is the openai library.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from openai import AsyncOpenAI

from benchmarks.client_scripts.weather import CITIES, WEATHER
from benchmarks.corpus import LEFT_OUT, samples_of, short_english
from benchmarks.flags import Flags
from benchmarks.labels import acoustic_bounds
from benchmarks.report import milliseconds, table
from common.audio import SPEECH_RATE_HZ, Resampler, Samples, float_to_pcm16
from tests.server_process import running_server
from tests.servers.llama_cpp import LlamaServer

KEY = "any"
RATE_HZ = 24_000
CHUNK_MS = 20
QUESTIONS, QUICK_QUESTIONS = 8, 2
LONGEST_SECONDS = 60.0
HEARD_SECONDS = 0.2
ANSWER_TOKENS = 30
HEADER = ["read while it is spoken", "calls", "answers", "end of speech to call"]


@dataclass
class Outcome:
    """What became of the questions."""

    calls: int = 0
    answers: int = 0
    waits: list[float] = field(default_factory=list)
    """Seconds from the end of the speech to the call."""


def run(flags: Flags) -> str:
    """One row with reading ahead, one without, asked in turns."""
    recordings = short_english(Flags(), "clean")
    recordings = recordings[: QUICK_QUESTIONS if flags.quick else QUESTIONS]
    if not recordings:
        return LEFT_OUT.format(name="function_calls")
    spoken = [samples_of(each) for each in recordings]
    # Each server has a llama.cpp of its own, which keeps what it has read.
    first, second = LlamaServer(), LlamaServer()
    with (
        running_server(**_settings(first, reads_ahead=False)) as without,
        running_server(**_settings(second, reads_ahead=True)) as reading,
    ):
        outcomes = asyncio.run(_in_turns([without.url, reading.url], spoken))
    rows = [
        _row(name, outcome, len(spoken))
        for name, outcome in zip(("no", "yes"), outcomes, strict=True)
    ]
    title = f"Function calls, {len(spoken)} spoken questions, llama.cpp's server"
    return table(title, HEADER, rows)


def _settings(llama: LlamaServer, *, reads_ahead: bool) -> dict[str, Any]:
    return {
        "llm_backend": "openai",
        "openai_url": llama.url,
        "openai_model": llama.model,
        "openai_api_key": llama.key,
        "openai_reads_ahead": reads_ahead,
        "whisper_model_name": "tiny.en",
    }


def _row(reads_ahead: str, outcome: Outcome, questions: int) -> list[str]:
    return [
        reads_ahead,
        f"{outcome.calls} of {questions}",
        f"{outcome.answers} of {questions}",
        milliseconds(outcome.waits) if outcome.waits else "-",
    ]


async def _in_turns(urls: Sequence[str], spoken: Sequence[Samples]) -> list[Outcome]:
    """Each question is asked of each server, and each is asked first every other time."""
    outcomes = [Outcome() for _ in urls]
    pairs = list(zip(urls, outcomes, strict=True))
    for samples in spoken:
        for url, outcome in pairs:
            await _talk(url, samples, outcome)
        pairs.reverse()
    return outcomes


async def _talk(url: str, samples: Samples, outcome: Outcome) -> None:
    session: Any = {
        "type": "realtime",
        "tools": [{"type": "function", **WEATHER}],
        "tool_choice": "required",
        "max_output_tokens": 200,
    }
    async with (
        AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as client,
        client.realtime.connect(model="gpt-realtime") as connection,
    ):
        await connection.session.update(session=session)
        async with asyncio.timeout(LONGEST_SECONDS):
            await _question(connection, samples, outcome)


async def _question(connection: Any, samples: Samples, outcome: Outcome) -> None:
    """Asked aloud, answered with a call; its result is answered aloud."""
    sending = asyncio.create_task(_send(connection, samples))
    call = await _until(connection, "response.function_call_arguments.done")
    called_at = time.perf_counter()
    await _until(connection, "response.done")
    ended_at = await sending
    arguments = json.loads(call.arguments)
    if call.name != WEATHER["name"] or arguments.get("city") not in CITIES:
        return
    outcome.calls += 1
    outcome.waits.append(called_at - ended_at)
    result: Any = {
        "type": "function_call_output",
        "call_id": call.call_id,
        "output": json.dumps({"weather": "sunny", "celsius": 21}),
    }
    await connection.conversation.item.create(item=result)
    await connection.response.create(
        response={"tool_choice": "none", "max_output_tokens": ANSWER_TOKENS}
    )
    pcm = bytearray()
    await _until(connection, "response.done", pcm)
    outcome.answers += len(pcm) / 2 / RATE_HZ > HEARD_SECONDS


async def _send(connection: Any, samples: Samples) -> float:
    """In real time, and silence after it; the moment at which the speech ended."""
    ends = acoustic_bounds(samples).end_seconds
    quiet = np.zeros(2 * SPEECH_RATE_HZ, np.float32)
    everything = np.concatenate([samples, quiet])
    pcm = float_to_pcm16(Resampler(SPEECH_RATE_HZ, RATE_HZ).push(everything, last=True))
    began = time.perf_counter()
    step = RATE_HZ * CHUNK_MS // 1000 * 2
    for number, start in enumerate(range(0, len(pcm), step)):
        due = began + number * CHUNK_MS / 1000
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        audio = base64.b64encode(pcm[start : start + step]).decode()
        await connection.input_audio_buffer.append(audio=audio)
    return began + ends


async def _until(connection: Any, kind: str, pcm: bytearray | None = None) -> Any:
    """The next event of that type; the audio before it goes into `pcm`. Raises
    RuntimeError if the response is over before."""
    async for event in connection:
        if event.type == "error":
            raise RuntimeError(event.error.message)
        if pcm is not None and event.type == "response.output_audio.delta":
            pcm += base64.b64decode(event.delta)
        if event.type == kind:
            return event
        if event.type == "response.done":
            response = event.response
            raise RuntimeError(f"{response.status}: {response.status_details}")
    raise RuntimeError(f"the connection ended before {kind}")
