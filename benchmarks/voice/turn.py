"""One question to `/ws/voice`, and what came of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from common.audio import SPEECH_RATE_HZ, Audio
from tests.chat.loudspeaker import BUFFER_SECONDS
from tests.chat.talker import Said, Talker

ANSWER_SECONDS = 12.0
"""A turn without a reply after this is unanswered."""
LISTEN_SECONDS = 1.3
"""So long a reply is listened to: speech soon after a commit would continue the turn."""
GAP_SECONDS = 0.5
END_SECONDS = 2.0
POLL_SECONDS = 0.02
STOPPED = "input_audio_buffer.speech_stopped"
COMMITTED = "input_audio_buffer.committed"


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """A recording, and where its speech begins and ends."""

    name: str
    audio: Audio
    start_seconds: float
    end_seconds: float
    end_of_sound_seconds: float
    """The same by the plain rule of 40 dB below the peak."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What the client saw of one question; times in milliseconds."""

    name: str
    conversation: int
    position: int
    """In its conversation, from 0."""
    voice_to_voice_ms: float | None
    """From the acoustic end to the first audible sample; None without an answer."""
    from_end_of_sound_ms: float | None = None
    """The same from the end by the plain rule of 40 dB below the peak."""
    cut_ins: int
    """Commits, and replies that were heard, before the acoustic end."""
    vad_offset_ms: float | None = None
    """The server's end of the speech after the acoustic end."""
    leading_ms: float | None = None
    """Silence at the beginning of the reply's audio."""
    stages_ms: dict[str, float] = field(default_factory=dict)

    @property
    def is_answered(self) -> bool:
        return self.voice_to_voice_ms is not None

    @property
    def told_ms(self) -> float | None:
        """The same time by the server's marks and the client's buffer."""
        sent = self.stages_ms.get("first_sent")
        if sent is None or self.vad_offset_ms is None or self.leading_ms is None:
            return None
        buffer_ms = 1000 * BUFFER_SECONDS
        return self.vad_offset_ms + sent + buffer_ms + self.leading_ms


async def ask(
    talking: Talker, question: Question, *, conversation: int, position: int
) -> Turn:
    """Say it, listen to the beginning of the reply, and end that."""
    first_event = len(talking.events)
    numbers_before = set(talking.received)
    said = await talking.say(question.audio)
    end_at = said.spoken_at(question.end_seconds)
    number = await _answer(talking, end_at, numbers_before)
    early = [at for at in talking.times_of(COMMITTED, first_event) if at < end_at]
    heard_early = _first_heard(talking, numbers_before)
    cut_ins = max(len(early), heard_early is not None and heard_early < end_at)
    if number is not None:
        await asyncio.sleep(LISTEN_SECONDS)
    await end_reply(talking)
    turn = _turn(talking, said, question, number, first_event)
    await asyncio.sleep(GAP_SECONDS)
    return Turn(
        name=question.name,
        conversation=conversation,
        position=position,
        cut_ins=int(cut_ins),
        **turn,
    )


async def _answer(talking: Talker, end_at: float, before: set[int]) -> int | None:
    """The number of the first response that became audible after the end."""
    deadline = end_at + ANSWER_SECONDS
    while time.perf_counter() < deadline:
        for number in sorted(set(talking.received) - before):
            at = talking.loudspeaker.first_audible_at(number)
            if at is not None and at >= end_at:
                return number
        await asyncio.sleep(POLL_SECONDS)
    return None


def _first_heard(talking: Talker, before: set[int]) -> float | None:
    heard = [
        talking.loudspeaker.first_audible_at(number)
        for number in set(talking.received) - before
    ]
    return min((at for at in heard if at is not None), default=None)


async def end_reply(talking: Talker) -> None:
    """Cancel the reply, if one is made or played, and wait for its end."""
    ended = len(talking.events)
    await talking.send("response.cancel")
    deadline = time.perf_counter() + END_SECONDS
    while time.perf_counter() < deadline:
        if any(
            each["type"] in ("x.metrics", "error") for each in talking.events[ended:]
        ):
            return
        await asyncio.sleep(POLL_SECONDS)


def _turn(
    talking: Talker,
    said: Said,
    question: Question,
    number: int | None,
    first_event: int,
) -> dict[str, Any]:
    """The times of a turn, by the names of Turn's fields."""
    if number is None:
        return {"voice_to_voice_ms": None}
    audible_at = talking.loudspeaker.first_audible_at(number) or 0.0
    end_at = said.spoken_at(question.end_seconds)
    leading = talking.loudspeaker.first_audible_seconds(number) or 0.0
    end_ms = 1000 * (said.first_sample / SPEECH_RATE_HZ + question.end_seconds)
    events = talking.events[first_event:]
    ends = [each["audio_end_ms"] for each in events if each["type"] == STOPPED]
    sound_end_at = said.spoken_at(question.end_of_sound_seconds)
    return {
        "voice_to_voice_ms": 1000 * (audible_at - end_at),
        "from_end_of_sound_ms": 1000 * (audible_at - sound_end_at),
        "vad_offset_ms": ends[-1] - end_ms if ends else None,
        "leading_ms": 1000 * leading,
        "stages_ms": _stages(talking, number),
    }


def _stages(talking: Talker, number: int) -> dict[str, float]:
    response_id = next(
        each["response"]["id"]
        for each in talking.events
        if each["type"] == "response.created" and each["response"]["x.number"] == number
    )
    for each in talking.events:
        if each["type"] == "x.metrics" and each["response_id"] == response_id:
            stages: dict[str, float] = each["stages_ms"]
            return stages
    return {}
