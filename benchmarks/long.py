"""Speech without a pause for minutes: is a word lost or doubled where it is cut?"""

from __future__ import annotations

import asyncio

import numpy as np

from benchmarks.corpus import LEFT_OUT, samples_of, short_english
from benchmarks.cuts import AROUND_WORDS, Errors, at_cuts
from benchmarks.flags import Flags
from benchmarks.labels import trimmed
from benchmarks.offline import Offline
from benchmarks.report import table
from common.audio import SPEECH_RATE_HZ, Audio, Samples
from tests.clients import transcribe_over_socket
from tests.server_process import running_server

SILENCE_SECONDS = 10.0
"""No pause ends an utterance, so that only its length does."""
BEAMS = (1, 5)


def run(flags: Flags) -> str:
    """A table for each model."""
    if not short_english(flags):
        return LEFT_OUT.format(name="long")
    samples, reference = _speech(flags)
    return "\n".join(_table(model, samples, reference) for model in flags.models)


def _speech(flags: Flags) -> tuple[Samples, str]:
    """Clean recordings one after the other, without what is quiet around them."""
    clips = short_english(flags, "clean")
    random = np.random.default_rng(0)
    parts: list[Samples] = []
    words: list[str] = []
    missing = flags.minutes * 60 * SPEECH_RATE_HZ
    while missing > 0:
        for place in random.permutation(len(clips)):
            parts.append(trimmed(samples_of(clips[place])))
            words.append(clips[place].reference)
            missing -= len(parts[-1])
            if missing <= 0:
                break
    return np.concatenate(parts), " ".join(words)


def _table(model: str, samples: Samples, reference: str) -> str:
    pieces = asyncio.run(_live(model, samples))
    near, far, shown = at_cuts(reference, pieces)
    rows = [
        _row(f"live, within {AROUND_WORDS} words of {len(pieces) - 1} cuts", near),
        _row("live, elsewhere", far),
        _row("live, all", near + far),
    ]
    offline = Offline(model)
    for beam in BEAMS:
        _, found, _ = at_cuts(reference, [offline.text(samples, "en", beam)])
        rows.append(_row(f"offline `WhisperModel.transcribe`, beam {beam}", found))
    minutes = len(samples) / SPEECH_RATE_HZ / 60
    title = f"{minutes:.1f} minutes of speech without a pause, {model}"
    header = ["words", "number", "word error rate", "wrong", "lost", "added"]
    return table(title, header, rows) + "".join(f"\n- {each}" for each in shown) + "\n"


async def _live(model: str, samples: Samples) -> list[str]:
    with running_server(
        whisper_model_name=model, whisper_lang="en", llm_backend="none"
    ) as server:
        heard = await transcribe_over_socket(
            server.url,
            Audio(samples, SPEECH_RATE_HZ),
            real_time=True,
            silence_max_seconds=SILENCE_SECONDS,
        )
    return [each["text"] for each in heard.of("transcript") if each["text"]]


def _row(name: str, errors: Errors) -> list[str]:
    counts = (errors.wrong, errors.lost, errors.added)
    return [name, str(errors.words), f"{errors.percent:.1f} %", *map(str, counts)]
