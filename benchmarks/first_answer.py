"""From the request to the first audio byte of an answer by the embedded model.

Beside it, in the same run and for the same question: llama.cpp in this process up to
the end of the first clause, and then Piper on that clause. The two take turns, so
that a busy machine is as busy for the one as for the other.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any

import httpx
import xllamacpp
from piper import PiperVoice

from benchmarks.report import milliseconds, table
from common.config import Config, load_config
from common.models.files import find_llm, find_voices
from llm.embedded.engine import embedded_threads
from llm.embedded.server import parameters
from llm.prompt import SPOKEN_ANSWERS
from tests.clients import speak
from tests.server_process import running_server
from tts_app.core.text.clauses import SpeechText

SEED = 7
MAX_TOKENS = 40
QUESTIONS = (
    "What is the weather like in spring?",
    "Tell me something about lighthouses.",
    "How do I boil an egg?",
    "Why is the sky blue?",
    "What should I cook for dinner tonight?",
    "Who invented the telephone?",
    "How far away is the moon?",
    "What is a good name for a cat?",
    "Say hello in one short sentence.",
    "How does a bicycle stay upright?",
    "What is the capital of France?",
    "Give me a tip for better sleep.",
    "What do bees do in winter?",
    "How do I remove a coffee stain?",
    "What makes bread rise?",
    "How do I tie a bow tie?",
    "Why do cats purr?",
    "What can I do on a rainy day?",
    "How long does a tree live?",
    "What is the largest ocean?",
)


@dataclass(frozen=True)
class Bare:
    """Seconds that the bare libraries took for one answer."""

    first_token: float
    first_clause: float
    first_audio: float


class BareLibraries:
    """The same model and voice, with the same threads, in this process."""

    def __init__(self, config: Config) -> None:
        orders = {
            "model": str(find_llm(config)),
            "api_key": "bench",
            "threads": embedded_threads(config),
            "context_tokens": config.embedded_llm_context_tokens,
            "parallel": config.embedded_llm_parallel,
            "connections": 4,
        }
        self._llm = xllamacpp.Server(parameters(xllamacpp, orders))
        files = find_voices(config)[0]
        self._voice = PiperVoice.load(str(files.onnx), str(files.config))

    def answer(self, question: str) -> Bare:
        began = time.perf_counter()
        first_token, clause = 0.0, ""
        text = SpeechText()

        def take(chunk: Any) -> bool:
            """Whether enough has been written."""
            nonlocal first_token, clause
            piece = _content(chunk)
            if piece and not first_token:
                first_token = time.perf_counter() - began
            clause = clause or next((each.text for each in text.iterate(piece)), "")
            return bool(clause)

        self._llm.handle_chat_completions(_asked(question), take)
        clause = clause or next(iter(text.finish()))
        first_clause = time.perf_counter() - began
        next(iter(self._voice.synthesize(clause)))
        return Bare(first_token, first_clause, time.perf_counter() - began)


def run() -> str:
    """Every question to `/tts` and to the bare libraries, in turns."""
    bare = BareLibraries(load_config({}).config)
    with running_server(llm_backend="embedded", whisper_model_name="tiny.en") as server:
        ours, theirs = asyncio.run(_in_turns(server.url, bare))
    rows = [
        ["`/tts`, request to first audio byte", milliseconds(ours)],
        [
            "llama.cpp to the first clause, then Piper on it",
            milliseconds([each.first_audio for each in theirs]),
        ],
        [
            "of that: llama.cpp to the first token",
            milliseconds([each.first_token for each in theirs]),
        ],
        [
            "of that: llama.cpp to the first clause",
            milliseconds([each.first_clause for each in theirs]),
        ],
    ]
    title = f"An answer by the embedded model, warm, medians and p95 of {len(ours)}"
    return table(title, ["path", "time"], rows)


async def _in_turns(url: str, bare: BareLibraries) -> tuple[list[float], list[Bare]]:
    ours, theirs = [], []
    async with httpx.AsyncClient(timeout=120) as client:
        await _speak(url, client, "Hello!")
        await asyncio.to_thread(bare.answer, "Hello!")
        for question in QUESTIONS:
            ours.append(await _speak(url, client, question))
            theirs.append(await asyncio.to_thread(bare.answer, question))
    return ours, theirs


async def _speak(url: str, client: httpx.AsyncClient, question: str) -> float:
    options = {"seed": SEED, "max_tokens": MAX_TOKENS, "format": "pcm"}
    spoken = await speak(url, client, text=question, llm=True, **options)
    assert spoken.status == 200, spoken.body
    return spoken.first_byte_seconds


def _asked(question: str) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "system", "content": SPOKEN_ANSWERS},
            {"role": "user", "content": question},
        ],
        "max_tokens": MAX_TOKENS,
        "seed": SEED,
        "stream": True,
    }


def _content(chunk: Any) -> str:
    value = chunk if isinstance(chunk, dict) else json.loads(chunk)
    choices = value.get("choices") or [{}]
    return choices[0].get("delta", {}).get("content") or ""
