"""How many hypotheses must agree before a word is promised: compared on recordings.

The hypotheses are made once, as a session at rest would ask for them, and every
policy is given the same ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.corpus import LEFT_OUT, samples_of, short_english
from benchmarks.flags import Flags
from benchmarks.quality import Partial, Steadiness, steadiness
from benchmarks.report import table
from common.audio import SPEECH_RATE_HZ, Samples, float_to_pcm16
from common.config import load_config
from common.config.speech import ListeningSettings
from common.workers import Priority, Urgency
from stt_app.core.endpointing.events import (
    AudioHeard,
    CandidateDropped,
    EndpointEvent,
    PauseBegun,
    SpeechCandidate,
    SpeechContinued,
    SpeechResumed,
    UtteranceEnded,
)
from stt_app.core.endpointing.frontend import AudioFrontend
from stt_app.core.endpointing.vad import SileroVad
from stt_app.core.engine import TranscriptionRequest
from stt_app.core.interim.local_agreement import StableText
from stt_app.core.whisper.engine import WhisperEngine

POLICIES = {f"LocalAgreement-{agreeing}": agreeing for agreeing in (2, 3, 4)}
_SILENCE_BYTES = 2 * SPEECH_RATE_HZ
_CHUNK_BYTES = 2 * SPEECH_RATE_HZ // 50


@dataclass(frozen=True)
class Spoken:
    """The hypotheses of one utterance while it went on, and its final text."""

    hypotheses: list[str]
    final: str


def run(flags: Flags) -> str:
    """A table for each model."""
    clips = short_english(flags)
    if not clips:
        return LEFT_OUT.format(name="agreement")
    return "\n".join(_table(model, flags) for model in flags.models)


def _table(model: str, flags: Flags) -> str:
    clips = short_english(flags)
    spoken = asyncio.run(_listen(model, [samples_of(clip) for clip in clips]))
    rows = [
        [name, *_row([_judge(each, agreeing) for each in spoken])]
        for name, agreeing in POLICIES.items()
    ]
    header = [
        "policy",
        "words changed per utterance",
        "stable words different in the final",
        "shown words not yet stable",
        "stable words when the utterance ended",
    ]
    return table(f"Stable text, {model}, {len(spoken)} utterances", header, rows)


def _judge(spoken: Spoken, agreeing: int) -> Steadiness:
    stable = StableText(agreeing)
    partials = [
        Partial(stable.push(text), stable.settled) for text in spoken.hypotheses if text
    ]
    return steadiness(partials, spoken.final)


def _row(found: Sequence[Steadiness]) -> list[str]:
    stable = sum(each.stable for each in found)
    broken = sum(each.broken for each in found)
    unsettled = sum(each.unsettled for each in found)
    shown = sum(each.shown for each in found)
    taken_back = sum(each.taken_back for each in found)
    return [
        f"{taken_back / max(1, len(found)):.2f}",
        f"{broken} ({100 * broken / max(1, stable):.1f} %)",
        f"{100 * unsettled / max(1, shown):.0f} %",
        str(stable),
    ]


async def _listen(model: str, clips: Sequence[Samples]) -> list[Spoken]:
    config = load_config({"WHISPER_MODEL_NAME": model}).config
    engine = WhisperEngine(config, config)
    await engine.start()
    try:
        vad = SileroVad()
        return [spoken for clip in clips for spoken in await _hear(engine, vad, clip)]
    finally:
        await engine.stop()


class _Speaking:
    """How long somebody has spoken in the open utterance, by the events."""

    def __init__(self) -> None:
        self._speech: SpeechCandidate | SpeechContinued | None = None
        self._pausing = False
        self._position = 0

    def take(self, event: EndpointEvent) -> None:
        if isinstance(event, SpeechCandidate | SpeechContinued):
            self._speech = event
        elif isinstance(event, UtteranceEnded | CandidateDropped):
            self._speech, self._pausing = None, False
        elif isinstance(event, PauseBegun | SpeechResumed):
            self._pausing = isinstance(event, PauseBegun)
        elif isinstance(event, AudioHeard):
            self._position = event.position_sample

    @property
    def seconds(self) -> float:
        """0 in a pause, in which a session asks for no interim result."""
        if self._speech is None or self._pausing:
            return 0.0
        return (self._position - self._speech.voiced_sample) / SPEECH_RATE_HZ


async def _hear(engine: WhisperEngine, vad: SileroVad, clip: Samples) -> list[Spoken]:
    """The utterances of a recording, looked at as often as a session may."""
    settings = ListeningSettings()
    frontend, speaking = AudioFrontend(settings, vad), _Speaking()
    pcm = float_to_pcm16(clip) + bytes(_SILENCE_BYTES)
    found: list[Spoken] = []
    hypotheses: list[str] = []
    seen, wait = 0.0, settings.partial_first_seconds
    for start in range(0, len(pcm), _CHUNK_BYTES):
        for event in frontend.hear(pcm[start : start + _CHUNK_BYTES]):
            speaking.take(event)
            if isinstance(event, UtteranceEnded):
                found.append(Spoken(hypotheses, await _text(engine, event.samples)))
                hypotheses, seen = [], 0.0
                wait = settings.partial_first_seconds
        utterance = frontend.open_utterance()
        if utterance is not None and speaking.seconds >= seen + wait:
            seen, wait = speaking.seconds, settings.partial_interval_seconds
            hypotheses.append(await _text(engine, utterance.samples))
    return found


async def _text(engine: WhisperEngine, samples: Samples) -> str:
    request = TranscriptionRequest(samples, "en")
    return (await engine.transcribe(request, Urgency(Priority.FINAL))).text
