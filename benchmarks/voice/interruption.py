"""One reply into which somebody speaks: when it is silent, and what is kept of it."""

from __future__ import annotations

import asyncio
import csv
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.offline import Offline
from benchmarks.voice.turn import POLL_SECONDS, Question, end_reply
from common.audio import SPEECH_RATE_HZ, Audio
from tests.chat.talker import Talker
from tests.word_errors import words_apart

STOP_SECONDS = 8.0
"""A reply that goes on for longer was not interrupted."""
PAUSE, RESUME = "x.output.pause", "x.output.resume"
TRUNCATED = "conversation.item.truncated"
RETRIEVED = "conversation.item.retrieved"


@dataclass(frozen=True, kw_only=True)
class Interruption:
    """Times in milliseconds from the onset of the speech."""

    recording: str
    stopped_ms: float | None = None
    """To the reply's last audible sample; None: it went on."""
    paused_ms: float | None = None
    """To the first pause."""
    decided_ms: float | None = None
    """To the end of the reply, until which it was paused, or went on."""
    resumed: int = 0
    """How often the reply went on before that."""
    missing_words: int = 0
    """Heard, and not in the history."""
    extra_words: int = 0
    """In the history, and not heard."""
    kept: str = ""
    heard: str = ""
    """As a larger Whisper model writes what the loudspeaker played."""

    @property
    def wrong_words(self) -> int:
        return self.missing_words + self.extra_words


async def interrupt(
    talking: Talker, number: int, question: Question, listener: Offline
) -> Interruption:
    """Say the question into the reply with that number, up to the end of that."""
    first = len(talking.events)
    said = talking.begin(question.audio)
    onset_at = said.spoken_at(question.start_seconds)
    decided_at = await _ended_early(talking, number, onset_at, first)
    last_at = talking.loudspeaker.last_audible_at(number)
    pauses = talking.times_of(PAUSE, first)
    paused_ms = 1000 * (pauses[0] - onset_at) if pauses else None
    if decided_at is None or last_at is None:
        await end_reply(talking)
        return Interruption(recording=question.name, paused_ms=paused_ms)
    resumes = [at for at in talking.times_of(RESUME, first) if at < decided_at]
    await end_reply(talking)
    audio = Audio(talking.loudspeaker.played(number), talking.rate_hz)
    heard = await asyncio.to_thread(
        listener.text, audio.resampled(SPEECH_RATE_HZ).samples
    )
    kept = await _kept(talking, number)
    missing, extra = words_apart(kept, heard)
    return Interruption(
        recording=question.name,
        stopped_ms=max(0.0, 1000 * (last_at - onset_at)),
        paused_ms=paused_ms,
        decided_ms=1000 * (decided_at - onset_at),
        resumed=len(resumes),
        missing_words=missing,
        extra_words=extra,
        kept=kept,
        heard=heard,
    )


def words_told(found: Sequence[Interruption]) -> str:
    """How well the history is what was heard, in words."""
    stopped = [each for each in found if each.stopped_ms is not None]
    told = f"Not interrupted: {len(found) - len(stopped)} of {len(found)}."
    if not stopped:
        return told
    missing = [each.missing_words for each in stopped]
    extra = [each.extra_words for each in stopped]
    wrong = [each.wrong_words for each in stopped]
    return (
        f"{told} Words heard that the history lacks: {np.mean(missing):.1f} an "
        f"interruption, most {max(missing)}; words in the history that were not heard: "
        f"{np.mean(extra):.1f}, most {max(extra)}; both at most 1 together in "
        f"{sum(each <= 1 for each in wrong)} of {len(wrong)}."
    )


def write_csv(path: Path, found: Sequence[Interruption]) -> None:
    """One row for each interruption."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [each.name for each in fields(Interruption)])
        writer.writeheader()
        writer.writerows(asdict(each) for each in found)


async def _ended_early(
    talking: Talker, number: int, since: float, first: int
) -> float | None:
    """When the reply was cut; None if it was not in time."""
    while time.perf_counter() < since + STOP_SECONDS:
        item_id = _item_id(talking, number)
        events = zip(talking.events[first:], talking.arrived[first:], strict=True)
        for event, at in events:
            cut = event["type"] == TRUNCATED and event["item_id"] == item_id
            if cut and at > since:
                return at
        await asyncio.sleep(POLL_SECONDS)
    return None


async def _kept(talking: Talker, number: int) -> str:
    """The text of the reply's item in the conversation."""
    before = len(talking.events)
    item_id = _item_id(talking, number)
    await talking.send("conversation.item.retrieve", item_id=item_id)
    try:
        found = await talking.wait_for(RETRIEVED, before, 2.0)
    except TimeoutError:  # nothing was heard of it
        return ""
    return str(found["item"]["content"][0]["transcript"])


def _item_id(talking: Talker, number: int) -> str:
    """The item of that response."""
    response_id = ""
    for event in talking.events:
        response: dict[str, Any] = event.get("response") or {}
        if event["type"] == "response.created" and response["x.number"] == number:
            response_id = response["id"]
        added = event["type"] == "response.output_item.added"
        if added and event["response_id"] == response_id:
            return str(event["item"]["id"])
    return ""
