"""Where a turn ends in real recordings: fixed pauses against the turn model.

A pause with more of the recording after it is no end, so a turn that ends there is a false
cut-in; after the last speech comes silence, and the pause that ends the turn is the delay.
Many of the former stand between sentences, where a listener might have answered too, and
some recordings end within a sentence. The recordings are of several languages; the text
counts in those that the model knows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.corpus import LEFT_OUT, is_short_english, samples_of, spoken
from benchmarks.flags import Flags
from benchmarks.offline import Offline
from benchmarks.report import milliseconds, table
from benchmarks.turn_delays import (
    PLAIN_SECONDS,
    Pause,
    Rule,
    calibrated,
    in_conversation,
    is_cut,
)
from chat_app.core.timing import CommitDelays
from common.audio import PCM16_BYTES, SPEECH_RATE_HZ, Samples, float_to_pcm16
from common.config import load_config
from common.config.speech import ListeningSettings
from common.models.files import find_turn_model
from stt_app.core.endpointing.events import PauseBegun, SpeechResumed
from stt_app.core.endpointing.frontend import AudioFrontend
from stt_app.core.endpointing.vad import FRAME_SAMPLES, SileroVad
from stt_app.core.turns.detector import ASK_AFTER_SAMPLES
from stt_app.core.turns.features import turn_features
from stt_app.core.turns.hanging import hangs
from stt_app.core.turns.pauses import SemanticPauses
from stt_app.core.turns.worker import SmartTurnWorker
from tests.word_errors import Recording

SHORTEST_SECONDS = 0.2
"""Shorter pauses end no turn under any rule here."""
LONGEST_SECONDS = 60.0
"""Longer recordings were joined from others of the corpus."""
TEXT_SECONDS = 15.0
"""Of the turn, for the word before the pause."""
AFTER_SECONDS = 3.0
FIXED_SECONDS = (PLAIN_SECONDS, 0.5, 0.7, 1.0)
_USUAL = ListeningSettings()
_SEMANTIC = SemanticPauses(_USUAL.semantic_min_seconds, _USUAL.semantic_max_seconds)


@dataclass
class _Costs:
    """Processor seconds of each question."""

    features: list[float] = field(default_factory=list)
    network: list[float] = field(default_factory=list)


def run(flags: Flags) -> str:
    """Tables of the rules and the cost of a question, for each model that hears the last
    word."""
    clips = [clip for clip in spoken(flags) if clip.seconds < LONGEST_SECONDS]
    if not clips:
        return LEFT_OUT.format(name="turn_ends")
    return "\n".join(_tables(model, clips) for model in flags.models)


def _tables(model: str, clips: Sequence[Recording]) -> str:
    worker = SmartTurnWorker(find_turn_model(load_config({}).config))
    worker.load()
    offline, vad, costs = Offline(model, 1), SileroVad(), _Costs()
    heard = {
        clip.path: list(_heard(clip, worker, offline, vad, costs)) for clip in clips
    }
    short = [clip for clip in clips if is_short_english(clip)]
    told = f"Cost of a question on one core: features {milliseconds(costs.features)}, model {milliseconds(costs.network)}.\n"
    return "\n".join(
        [
            _table(f"all recordings, hanging words by {model}", heard, clips),
            _table("short English recordings", heard, short),
            told,
        ]
    )


def _heard(
    clip: Recording,
    worker: SmartTurnWorker,
    offline: Offline,
    vad: SileroVad,
    costs: _Costs,
) -> Iterator[Pause]:
    """The pauses of a recording, each with what the models say of it."""
    samples = samples_of(clip)
    knows_language = offline.model.model.is_multilingual or clip.language == "en"
    for pause in _pauses(samples, vad):
        turn = _with_silence(samples)[: pause.end_sample + ASK_AFTER_SAMPLES]
        pause.spoken = clip.reference
        pause.probability = _timed(worker, turn, costs)
        if knows_language:
            last = turn[-round(TEXT_SECONDS * SPEECH_RATE_HZ) :]
            pause.hangs = hangs(offline.text(last, language=None), clip.language)
        yield pause


def _table(
    name: str, heard: Mapping[Path, list[Pause]], clips: Sequence[Recording]
) -> str:
    pauses = [pause for clip in clips for pause in heard[clip.path]]
    header = [
        "pause that ends a turn",
        "false cut-ins",
        "delay of true ends, p50",
        "p90",
        "mean",
    ]
    rows = [_row(f"{each:g} s", pauses, _fixed(each)) for each in FIXED_SECONDS]
    rows.append(_row("semantic", pauses, _semantic))
    rows.append(_row("semantic, without the text", pauses, _by_sound))
    conversation = in_conversation(CommitDelays())
    rows.append(_row("of a conversation", pauses, conversation))
    everything = [pause for each in heard.values() for pause in each]
    rows.append(_row("chosen on other recordings", pauses, calibrated(everything)))
    return table(f"Ends of turns, {name}", header, rows)


def _pauses(samples: Samples, vad: SileroVad) -> list[Pause]:
    settings = ListeningSettings(silence_max_seconds=10, max_utterance_seconds=28)
    frontend = AudioFrontend(settings, vad)
    found: list[Pause] = []
    data = float_to_pcm16(_with_silence(samples))
    step = FRAME_SAMPLES * PCM16_BYTES
    for start in range(0, len(data), step):
        for event in frontend.hear(data[start : start + step]):
            if isinstance(event, PauseBegun):
                found.append(Pause(event.speech_end_sample))
            elif isinstance(event, SpeechResumed) and found:
                length = event.resumed_sample - found[-1].end_sample
                found[-1].seconds = length / SPEECH_RATE_HZ
    return [
        each
        for each in found
        if each.seconds is None or each.seconds >= SHORTEST_SECONDS
    ]


def _with_silence(samples: Samples) -> Samples:
    quiet = np.zeros(round(AFTER_SECONDS * SPEECH_RATE_HZ), np.float32)
    return np.concatenate([samples, quiet])


def _timed(worker: SmartTurnWorker, turn: Samples, costs: _Costs) -> float:
    """The probability. The network's cost is that of the question less the features."""
    began = time.process_time()
    turn_features(turn)
    features = time.process_time() - began
    began = time.process_time()
    probability = worker.probability(turn)
    costs.features.append(features)
    costs.network.append(time.process_time() - began - features)
    return probability


def _row(name: str, pauses: Sequence[Pause], rule: Rule) -> list[str]:
    inner = [each for each in pauses if each.seconds is not None]
    cut_in = sum(is_cut(each, rule(each)) for each in inner)
    delays = [rule(each) for each in pauses if each.seconds is None]
    p50, p90 = np.percentile(delays, [50, 90])
    return [
        name,
        f"{cut_in} of {len(inner)}",
        f"{1000 * p50:.0f} ms of {len(delays)}",
        f"{1000 * p90:.0f} ms",
        f"{1000 * float(np.mean(delays)):.0f} ms",
    ]


def _fixed(seconds: float) -> Rule:
    return lambda _pause: seconds


def _semantic(pause: Pause) -> float:
    return _SEMANTIC.seconds(pause.probability, hangs=pause.hangs)


def _by_sound(pause: Pause) -> float:
    return _SEMANTIC.seconds(pause.probability, hangs=False)
