"""How many people may speak at once before their texts come late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import websockets

from benchmarks import metrics
from benchmarks.corpus import LEFT_OUT, samples_of, short_english
from benchmarks.flags import Flags
from benchmarks.locked import CHUNK_SECONDS, LockedModel, final_delays
from benchmarks.offline import Offline
from benchmarks.playlist import playlists
from benchmarks.report import table
from benchmarks.search import most_that_passes
from common.audio import SPEECH_RATE_HZ, Audio, Samples
from stt_app.core.endpointing.vad import SileroVad
from tests.clients import Heard, transcribe_over_socket
from tests.server_process import running_server

LATE_SECONDS = 1.0
"""The 95th percentile of finals may come so long after the endpoint."""
STEP_SECONDS = 35.0
ALL_STREAMS_SECONDS = 140.0
"""Few streams are played longer: the 95th percentile of few texts is their longest."""
GRACE_SECONDS = 15.0
SILENCE_SECONDS = 0.7
FIRST_STREAMS = 3
MOST_STREAMS = 192
QUICK_STEP_SECONDS = 10.0
QUICK_MOST_STREAMS = 2


@dataclass(frozen=True)
class Step:
    """What happened with so many streams."""

    streams: int
    delays: list[float]
    """From the endpoint, as the audio has it, to the final, in seconds."""
    missing: int
    """Utterances without a text, and streams that were turned away."""
    loop_delay_ms: float = 0.0
    """99th percentile of the server's event loop."""

    @property
    def p95_seconds(self) -> float:
        return float(np.percentile(self.delays, 95)) if self.delays else float("inf")

    @property
    def passes(self) -> bool:
        return not self.missing and self.p95_seconds <= LATE_SECONDS


Steps = list[Step]
Play = Callable[[Sequence[Samples]], Step]


def run(flags: Flags) -> str:
    """A table for each model: the plain way, ours, and ours with interim results."""
    clips = [samples_of(clip) for clip in short_english(flags)]
    if not clips:
        return LEFT_OUT.format(name="streams")
    return "\n".join(_table(model, clips, flags) for model in flags.models)


def _table(model: str, clips: Sequence[Samples], flags: Flags) -> str:
    ways = {
        "one `WhisperModel` behind a lock": _plain(model),
        "`/ws/stt`": _ours(model, partials=False),
        "`/ws/stt` with interim results": _ours(model, partials=True),
    }
    found = {name: _measure(name, play, clips, flags) for name, play in ways.items()}
    plain = _most(next(iter(found.values())))
    rows = [
        [name, *_cells(steps), f"{_most(steps) / plain:.1f}" if plain else "plain: 0"]
        for name, steps in found.items()
    ]
    header = [
        "path",
        "streams, of each repeat",
        "endpoint to final, p95 with so many streams",
        "event loop delay, p99",
        "times the plain way",
    ]
    title = f"Streams in real time before p95 is over {LATE_SECONDS:.0f} s, {model}"
    return table(title, header, rows)


def _most(repeats: Sequence[Steps]) -> float:
    """How many streams passed, the median of the repeats."""
    return float(np.median([_passed(steps).streams for steps in repeats]))


def _passed(steps: Steps) -> Step:
    """The largest step that passed."""
    return max((s for s in steps if s.passes or not s.streams), key=lambda s: s.streams)


def _cells(repeats: Sequence[Steps]) -> list[str]:
    best = [_passed(steps) for steps in repeats]
    loop = max(step.loop_delay_ms for step in best)
    played = sorted(repeats[-1][1:], key=lambda step: step.streams)
    return [
        ", ".join(str(step.streams) for step in best),
        ", ".join(f"{s.streams}: {1000 * s.p95_seconds:.0f} ms" for s in played),
        f"{loop:.0f} ms" if loop else "not measured",
    ]


def _measure(
    name: str, play: Play, clips: Sequence[Samples], flags: Flags
) -> list[Steps]:
    """What was played, of each repeat."""
    found: list[Steps] = []
    start = 1 if flags.quick else FIRST_STREAMS
    for _ in range(flags.repeats):
        found.append(_search(name, play, clips, flags, start))
        start = _passed(found[-1]).streams
    return found


def _search(
    name: str, play: Play, clips: Sequence[Samples], flags: Flags, start: int
) -> Steps:
    """Every step that was played to find the most streams, after one with none."""
    limit = QUICK_MOST_STREAMS if flags.quick else MOST_STREAMS
    steps = [Step(0, [], 0)]

    def passes(streams: int) -> bool:
        seconds = QUICK_STEP_SECONDS if flags.quick else step_seconds(streams)
        step = play(playlists(clips, streams, seconds))
        steps.append(step)
        print(
            f"  {name}: {streams} streams, p95 {1000 * step.p95_seconds:.0f} ms, "
            f"{len(step.delays)} texts, {step.missing} missing, "
            f"loop {step.loop_delay_ms:.1f} ms",
            flush=True,
        )
        return step.passes

    most_that_passes(passes, start, limit)
    return steps


def step_seconds(streams: int) -> float:
    """How long so many streams are played."""
    return max(STEP_SECONDS, ALL_STREAMS_SECONDS / streams)


# Ways


def _plain(model: str) -> Play:
    offline = Offline(model)

    def play(streams: Sequence[Samples]) -> Step:
        delays = asyncio.run(
            final_delays(LockedModel(offline.text), SileroVad(), streams, GRACE_SECONDS)
        )
        come = [delay for delay in delays if delay is not None]
        return Step(len(streams), come, len(delays) - len(come))

    return play


def _ours(model: str, *, partials: bool) -> Play:
    # Each step has a server of its own, so that nothing is left of the step before.
    def play(streams: Sequence[Samples]) -> Step:
        with running_server(
            whisper_model_name=model, whisper_lang="en", llm_backend="none"
        ) as server:
            before = metrics.scrape(server.url)
            heard = asyncio.run(_play_all(server.url, streams, partials=partials))
            loop_delay_ms = 1000 * metrics.loop_delay_p99(
                before, metrics.scrape(server.url)
            )
        delays = [delay for each in heard if each for delay in endpoint_delays(each)]
        return Step(len(streams), delays, sum(map(_missing, heard)), loop_delay_ms)

    return play


async def _play_all(
    url: str, streams: Sequence[Samples], *, partials: bool
) -> list[Heard | None]:
    async def play(audio: Samples) -> Heard | None:
        seconds = len(audio) / SPEECH_RATE_HZ
        try:
            return await asyncio.wait_for(
                transcribe_over_socket(
                    url,
                    Audio(audio, SPEECH_RATE_HZ),
                    real_time=True,
                    chunk_ms=round(1000 * CHUNK_SECONDS),
                    silence_max_seconds=SILENCE_SECONDS,
                    interim_results=partials,
                ),
                seconds + GRACE_SECONDS,
            )
        except (TimeoutError, websockets.ConnectionClosed):
            return None

    return await asyncio.gather(*map(play, streams))


def endpoint_delays(heard: Heard) -> list[float]:
    """From where the silence was long enough to the arrival of each text, in seconds."""
    ends = {each["utterance_id"]: each["end"] for each in heard.of("speech_ended")}
    return [
        at - ends[event["utterance_id"]] - SILENCE_SECONDS
        for event, at in zip(heard.events, heard.arrived_seconds, strict=True)
        if event["type"] == "transcript" and event.get("utterance_id") in ends
    ]


def _missing(heard: Heard | None) -> int:
    if heard is None:
        return 1
    return len(heard.of("error"))
