"""Interrupted replies: how soon they are silent, and what should not interrupt them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.labels import trimmed
from benchmarks.noises import cough
from benchmarks.offline import Offline
from benchmarks.report import table
from benchmarks.voice.figures import HEADER, row
from benchmarks.voice.interruption import (
    Interruption,
    interrupt,
    words_told,
    write_csv,
)
from benchmarks.voice.options import BARGE_IN_PARTS, VoiceOptions
from benchmarks.voice.turn import GAP_SECONDS, POLL_SECONDS, Question, end_reply
from common.audio import SPEECH_RATE_HZ, Audio, read_wav
from tests.chat.talker import Echo, Talker, talker
from tests.clients import speak
from tests.server_process import RunningServer, running_server

PROMPTS = (
    "Tell me a long story about a lighthouse.",
    "Explain at length how bread is made.",
    "Describe a walk through a forest in autumn.",
    "Tell me everything about the history of the bicycle.",
)
REPLY_TOKENS = 200
HEARD_SECONDS = 2.0
"""Of the reply, before it is interrupted."""
COUGHS = 20
COUGH_SECONDS = 2.5
"""From one to the next."""
COUGH_LEVEL = 0.15
BACKCHANNELS = ("Uh-huh.", "Yeah.", "Okay.", "Sure.", "Right.", "I see.") * 2
STOP_WORDS = ("Stop.", "Wait!", "No.", "Hold on.", "Stop, please.", "Wait, wait.")
WORD_SECONDS = 3.5
"""From one backchannel to the next."""
WORD_SPEED = 1.25
WORD_LEVEL = 0.3
ECHO_DB = -25.0
ECHO_DELAY_SECONDS = 0.08
ECHO_REPLIES = 4
AUDIBLE_SECONDS = 10.0
"""A reply that is not heard by then was cancelled."""
REPLY_SECONDS = 60.0
SEED = 7
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"
LISTENER = "base"
"""The Whisper model that hears what was played."""
UNDISTURBED = [
    *("in the microphone", "sounds", "replies"),
    *("pauses", "cancelled", "dropped", "taken for a turn"),
]


@dataclass
class Undisturbed:
    """Replies that nobody interrupted."""

    replies: int = 0
    pauses: int = 0
    cancelled: int = 0
    dropped: int = 0
    """Turns of the microphone without words."""
    turns: list[str] = field(default_factory=list)
    """What was taken for a turn."""

    def cells(self, name: str, sounds: str) -> list[str]:
        counts = (self.replies, self.pauses, self.cancelled, self.dropped)
        turns = ", ".join(f'"{each}"' for each in self.turns) or "none"
        return [name, sounds, *map(str, counts), turns]


def run(model: str, questions: Sequence[Question], options: VoiceOptions) -> str:
    """Interruptions by these recordings and by stop-words; then what is none."""
    with running_server(
        whisper_model_name=model, llm_backend="embedded", **options.server_settings
    ) as server:
        return asyncio.run(_run(server, f"{model}{options.told}", questions, options))


async def _run(
    server: RunningServer,
    model: str,
    questions: Sequence[Question],
    options: VoiceOptions,
) -> str:
    told, others = [], []
    wanted = BARGE_IN_PARTS if options.barge_in == "all" else (options.barge_in,)
    if "speech" in wanted:
        stopped = await _interruptions(server, questions, options)
        told.append(_speech(f"Interrupted replies, {model}", stopped))
        if options.csv is not None:
            write_csv(options.csv, stopped)
    if "words" in wanted:
        spoken = await _said(server, STOP_WORDS)
        words = [_question(*each) for each in zip(STOP_WORDS, spoken, strict=True)]
        stopped = await _interruptions(server, words, options)
        told.append(_speech(f"Replies interrupted by a stop-word, {model}", stopped))
        spoken = await _said(server, BACKCHANNELS)
        found = await _with_sounds(server, options, spoken, WORD_SECONDS)
        others.append(found.cells("backchannels", str(len(BACKCHANNELS))))
    if "echo" in wanted:
        level = f"echo at {ECHO_DB:g} dB, {1000 * ECHO_DELAY_SECONDS:.0f} ms late"
        others.append((await _with_echo(server, options)).cells(level, ""))
    if "coughs" in wanted:
        found = await _with_sounds(server, options, _coughs(), COUGH_SECONDS)
        others.append(found.cells("coughs", str(COUGHS)))
    if others:
        title = f"Replies that nobody interrupts, {model}"
        told.append(table(title, UNDISTURBED, others))
    return "\n".join(told)


def _speech(title: str, stopped: Sequence[Interruption]) -> str:
    times = {
        "speech onset to the last audible sample": [
            each.stopped_ms for each in stopped
        ],
        "- to the pause of the reply": [each.paused_ms for each in stopped],
        "- to its end": [each.decided_ms for each in stopped],
    }
    rows = [row(name, values) for name, values in times.items()]
    return f"{table(title, HEADER, rows)}\n{words_told(stopped)}\n"


async def _interruptions(
    server: RunningServer,
    questions: Sequence[Question],
    options: VoiceOptions,
) -> list[Interruption]:
    found, listener = [], Offline(LISTENER)
    for index, question in enumerate(questions):
        async with _talker(server, options) as talking:
            number = await _ask(talking, PROMPTS[index % len(PROMPTS)])
            await asyncio.sleep(HEARD_SECONDS)
            found.append(await interrupt(talking, number, question, listener))
    return found


async def _with_echo(server: RunningServer, options: VoiceOptions) -> Undisturbed:
    found = Undisturbed()
    echo = Echo(10 ** (ECHO_DB / 20), ECHO_DELAY_SECONDS)
    async with _talker(server, options, echo) as talking:
        for index in range(ECHO_REPLIES):
            number = await _ask(talking, PROMPTS[index % len(PROMPTS)])
            await _until_over(talking, number)
            found.replies += 1
    _count(found, talking)
    return found


async def _with_sounds(
    server: RunningServer, options: VoiceOptions, sounds: Sequence[Audio], every: float
) -> Undisturbed:
    """One sound after the other, so many seconds apart, into replies."""
    found = Undisturbed()
    left = list(sounds)
    async with _talker(server, options) as talking:
        while left:
            number = await _ask(talking, PROMPTS[found.replies % len(PROMPTS)])
            await asyncio.sleep(HEARD_SECONDS)
            while left and not _is_over(talking, number):
                talking.begin(left.pop(0))
                await asyncio.sleep(every)
            await end_reply(talking)
            found.replies += 1
            await asyncio.sleep(GAP_SECONDS)
    _count(found, talking)
    return found


def _coughs() -> list[Audio]:
    random = np.random.default_rng(SEED)
    coughs = [cough(random) for _ in range(COUGHS)]
    return [_at_level(each, COUGH_LEVEL) for each in coughs]


async def _said(server: RunningServer, words: Sequence[str]) -> list[Audio]:
    """As the server's own voice says them, faster than in its replies."""
    found = []
    for word in words:
        wav = await speak(server.url, text=word, llm=False, speed=WORD_SPEED)
        spoken = read_wav(wav.body).resampled(SPEECH_RATE_HZ)
        found.append(_at_level(trimmed(spoken.samples), WORD_LEVEL))
    return found


def _question(name: str, audio: Audio) -> Question:
    return Question(
        name=name,
        audio=audio,
        start_seconds=0.0,
        end_seconds=audio.seconds,
        end_of_sound_seconds=audio.seconds,
    )


def _at_level(samples: npt.NDArray[np.floating], peak: float) -> Audio:
    level = samples * (peak / np.abs(samples).max())
    return Audio(level.astype(np.float32), SPEECH_RATE_HZ)


def _talker(
    server: RunningServer, options: VoiceOptions, echo: Echo | None = None
) -> contextlib.AbstractAsyncContextManager[Talker]:
    return talker(
        server.ws_url, echo=echo, max_output_tokens=REPLY_TOKENS, **options.session
    )


async def _ask(talking: Talker, prompt: str) -> int:
    """Ask in writing; return the number of the reply once it is heard, or is overdue."""
    before = len(talking.events)
    content = [{"type": "input_text", "text": prompt}]
    item = {"type": "message", "role": "user", "content": content}
    await talking.send("conversation.item.create", item=item)
    await talking.send("response.create")
    created = await talking.wait_for("response.created", before)
    number = int(created["response"]["x.number"])
    with contextlib.suppress(TimeoutError):
        at = await talking.wait_until_audible(number, AUDIBLE_SECONDS)
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
    return number


async def _until_over(talking: Talker, number: int) -> None:
    """Until it is over; then end what was said after it, and be quiet for a moment."""
    deadline = time.perf_counter() + REPLY_SECONDS
    while time.perf_counter() < deadline:
        if _is_over(talking, number):
            break
        await asyncio.sleep(POLL_SECONDS)
    await asyncio.sleep(GAP_SECONDS)
    await end_reply(talking)
    await asyncio.sleep(GAP_SECONDS)


def _is_over(talking: Talker, number: int) -> bool:
    """Whether it was sent and played, or cancelled."""
    silent = talking.loudspeaker.is_silent(time.perf_counter())
    return silent and bool(_status(talking, number))


def _response(talking: Talker, number: int) -> dict[str, Any]:
    """As it was at its end; empty before."""
    ids = {
        each["response"]["x.number"]: each["response"]["id"]
        for each in talking.events
        if each["type"] == "response.created"
    }
    for each in talking.events:
        if each["type"] == "response.done" and each["response"]["id"] == ids[number]:
            response: dict[str, Any] = each["response"]
            return response
    return {}


def _status(talking: Talker, number: int) -> str:
    return str(_response(talking, number).get("status", ""))


def _count(found: Undisturbed, talking: Talker) -> None:
    """What happened in the whole conversation."""
    reasons = [
        (each["response"].get("status_details") or {}).get("reason")
        for each in talking.events
        if each["type"] == "response.done"
    ]
    found.cancelled = reasons.count("turn_detected")
    found.pauses = len(talking.times_of("x.output.pause"))
    found.dropped = len(talking.times_of("x.turn.dropped"))
    found.turns = [
        str(each["transcript"])
        for each in talking.events
        if each["type"] == TRANSCRIBED
    ]
