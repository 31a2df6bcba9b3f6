"""Recordings played to the server in real time, and the times in its answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.corpus import audio_of
from benchmarks.labels import Bounds, acoustic_bounds
from tests.clients import Heard, transcribe_over_socket
from tests.word_errors import Recording


@dataclass(frozen=True)
class Played:
    """One recording, and what the server said to it."""

    clip: Recording
    bounds: Bounds
    heard: Heard

    @property
    def final_delay(self) -> float | None:
        """From the acoustic end of speech to the last text, in seconds."""
        times = [at for event, at in _timed(self.heard) if _is_text(event)]
        return times[-1] - self.bounds.end_seconds if times else None

    @property
    def first_partial_delay(self) -> float | None:
        """From the acoustic start of speech to the first interim result, in seconds."""
        for event, at in _timed(self.heard):
            if event["type"] == "partial":
                return at - self.bounds.start_seconds
        return None

    @property
    def decision_delays(self) -> list[float]:
        """From `speech_ended` to the text of each utterance, in seconds."""
        ended, delays = {}, []
        for event, at in _timed(self.heard):
            if event["type"] == "speech_ended":
                ended[event["utterance_id"]] = at
            elif _is_text(event) and event["utterance_id"] in ended:
                delays.append(at - ended[event["utterance_id"]])
        return delays

    @property
    def told_delays(self) -> list[float]:
        """What the server itself says of its latency, in seconds."""
        return [
            each["latency_ms"] / 1000 for each in self.heard.events if _is_text(each)
        ]


async def play_all(
    url: str,
    clips: Sequence[Recording],
    *,
    at_once: int,
    tail_seconds: float,
    **options: Any,
) -> list[Played]:
    """Plays them in real time, so many at once, in their languages."""
    gate = asyncio.Semaphore(at_once)

    async def play(clip: Recording) -> Played:
        async with gate:
            audio = audio_of(clip)
            wanted = {"language": clip.language, **options}
            heard = await transcribe_over_socket(
                url, audio, real_time=True, tail_seconds=tail_seconds, **wanted
            )
            return Played(clip, _bounds(clip, audio.samples), heard)

    return await asyncio.gather(*map(play, clips))


def _bounds(clip: Recording, samples: Any) -> Bounds:
    return acoustic_bounds(samples) if clip.reference else Bounds(0.0, clip.seconds)


def _timed(heard: Heard) -> Iterator[tuple[dict[str, Any], float]]:
    return zip(heard.events, heard.arrived_seconds, strict=True)


def _is_text(event: dict[str, Any]) -> bool:
    return event["type"] == "transcript" and bool(event["text"])
