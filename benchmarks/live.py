"""Recordings streamed in real time: word errors, latency, and how steady partials are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from benchmarks.corpus import (
    LEFT_OUT,
    error_percent,
    samples_of,
    short_english,
    spoken,
    without_speech,
)
from benchmarks.flags import Flags
from benchmarks.listening import Played, play_all
from benchmarks.offline import Offline
from benchmarks.quality import steadiness, utterances
from benchmarks.report import repeated, table
from tests.server_process import running_server
from tests.word_errors import Recording

AT_ONCE = 2
"""Streams while words are counted; latency is measured with one."""
BEAMS = (1, 5)
SILENCES_SECONDS = (0.7, 0.3)
AFTER_SILENCE_SECONDS = 1.0

Groups = dict[str, Callable[[Recording], bool]]
GROUPS: Groups = {
    "English, clean": lambda clip: clip.language == "en" and clip.kind == "clean",
    "English, noisy": lambda clip: clip.language == "en" and clip.kind == "noisy",
    "English, spontaneous": lambda clip: clip.kind == "spontaneous",
    "English, long": lambda clip: clip.kind == "long",
    "English, all": lambda clip: clip.language == "en",
    "other languages": lambda clip: clip.language != "en",
}


def run(flags: Flags) -> str:
    """Tables of errors, latency and steadiness for each model."""
    if not spoken(flags):
        return LEFT_OUT.format(name="live")
    return "\n".join(_tables(model, flags) for model in flags.models)


def _tables(model: str, flags: Flags) -> str:
    clips = [clip for clip in spoken(flags) if _knows(model, clip)]
    clips += without_speech()[:: 4 if flags.quick else 1]
    short = short_english(flags, "clean")
    with running_server(whisper_model_name=model, llm_backend="none") as server:
        # The first answer is not counted.
        asyncio.run(_hear(server.url, short[:1]))
        texts = [asyncio.run(_hear(server.url, clips)) for _ in range(flags.repeats)]
        timed = {
            silence: [
                asyncio.run(_time(server.url, short, silence))
                for _ in range(flags.repeats)
            ]
            for silence in SILENCES_SECONDS
        }
    offline = _offline(model, clips)
    parts = (
        _accuracy(model, clips, texts, offline),
        _latency(model, timed),
        _steadiness(model, timed),
    )
    return "\n".join(parts)


def _knows(model: str, clip: Recording) -> bool:
    return clip.language == "en" or not model.endswith(".en")


async def _hear(url: str, clips: Sequence[Recording]) -> list[str]:
    tail = max(SILENCES_SECONDS) + AFTER_SILENCE_SECONDS
    played = await play_all(url, clips, at_once=AT_ONCE, tail_seconds=tail)
    return [each.heard.text for each in played]


async def _time(url: str, clips: Sequence[Recording], silence: float) -> list[Played]:
    return await play_all(
        url,
        clips,
        at_once=1,
        tail_seconds=silence + AFTER_SILENCE_SECONDS,
        silence_max_seconds=silence,
        interim_results=True,
    )


def _offline(model: str, clips: Sequence[Recording]) -> dict[int, list[str]]:
    offline = Offline(model)
    return {
        beam: [offline.text(samples_of(clip), clip.language, beam) for clip in clips]
        for beam in BEAMS
    }


# Words


def _accuracy(
    model: str,
    clips: Sequence[Recording],
    repeats: Sequence[Sequence[str]],
    offline: dict[int, list[str]],
) -> str:
    rows = []
    for name, belongs in GROUPS.items():
        places = [
            place
            for place, clip in enumerate(clips)
            if clip.reference and belongs(clip)
        ]
        if places:
            some = [clips[place] for place in places]
            live = [error_percent(some, _at(places, texts)) for texts in repeats]
            bare = [error_percent(some, _at(places, offline[beam])) for beam in BEAMS]
            shown = [f"{value:.1f} %" for value in bare]
            rows.append([name, str(len(some)), _range(live), *shown])
    rows.append(_made_up(clips, repeats, offline))
    return table(
        f"Word error rate, {model}: `/ws/stt` in real time ({AT_ONCE} at once, "
        f"median of {len(repeats)}) beside `WhisperModel.transcribe`",
        ["recordings", "number", "live", *(f"offline, beam {beam}" for beam in BEAMS)],
        rows,
    )


def _made_up(
    clips: Sequence[Recording],
    repeats: Sequence[Sequence[str]],
    offline: dict[int, list[str]],
) -> list[str]:
    places = [place for place, clip in enumerate(clips) if not clip.reference]
    runs = [*repeats, *(offline[beam] for beam in BEAMS)]
    words = [sum(len(text.split()) for text in _at(places, run)) for run in runs]
    live, bare = max(words[: len(repeats)]), words[len(repeats) :]
    name = "no speech: hallucinated words"
    return [name, str(len(places)), str(live), *map(str, bare)]


def _at(places: Sequence[int], texts: Sequence[str]) -> list[str]:
    return [texts[place] for place in places]


def _range(percents: Sequence[float]) -> str:
    spread = f" ({min(percents):.1f} to {max(percents):.1f})"
    median = f"{np.median(percents):.1f} %"
    return median + (spread if max(percents) > min(percents) else "")


# Times

Timed = dict[float, list[list[Played]]]


def _latency(model: str, timed: Timed) -> str:
    rows = []
    for silence, repeats in timed.items():
        told = [_flat(each.told_delays for each in played) for played in repeats]
        decided = [_flat(each.decision_delays for each in played) for played in repeats]
        final = [_known(each.final_delay for each in played) for played in repeats]
        first = [
            _known(each.first_partial_delay for each in played) for played in repeats
        ]
        rows += [
            [f"{silence} s", "acoustic end of speech to final", repeated(final)],
            [f"{silence} s", "the same, as reported in `latency_ms`", repeated(told)],
            [f"{silence} s", "endpoint decision to final", repeated(decided)],
            [f"{silence} s", "acoustic start to first partial", repeated(first)],
        ]
    title = f"Latency, {model}, one stream, clean English, medians and p95"
    return table(title, ["endpoint silence", "what", "time"], rows)


def _flat(lists: Iterable[list[float]]) -> list[float]:
    return [value for values in lists for value in values]


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


# Steadiness


def _steadiness(model: str, timed: Timed) -> str:
    rows = []
    for silence, repeats in timed.items():
        found = [
            steadiness(partials, final)
            for played in repeats
            for each in played
            for partials, final in utterances(each.heard.events)
        ]
        count = max(1, len(found))
        stable = sum(each.stable for each in found)
        broken = sum(each.broken for each in found)
        taken_back = sum(each.taken_back for each in found)
        rows.append(
            [
                f"{silence} s",
                f"{sum(each.partials for each in found) / count:.1f}",
                f"{taken_back / count:.2f}",
                f"{broken} of {stable}",
            ]
        )
    header = [
        "endpoint silence",
        "interim results per utterance",
        "words changed per utterance",
        "stable words different in the final",
    ]
    return table(f"Interim results, {model}", header, rows)
