"""Where a turn ends in real recordings: fixed pauses against the turn model.

A pause with more of the recording after it is no end, so a turn that ends there is a false
cut-in; after the last speech comes silence, and the pause that ends the turn is the delay.
Many of the former stand between sentences, where a listener might have answered too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.corpus import LEFT_OUT, samples_of, short_english
from benchmarks.flags import Flags
from benchmarks.offline import Offline
from benchmarks.report import milliseconds, table
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
AFTER_SECONDS = 3.0
FIXED_SECONDS = (0.3, 0.5, 0.7, 1.0)
_USUAL = ListeningSettings()
_SEMANTIC = SemanticPauses(_USUAL.semantic_min_seconds, _USUAL.semantic_max_seconds)


@dataclass
class Pause:
    """One pause of a recording."""

    end_sample: int
    """The end of the speech before it."""
    seconds: float | None = None
    """Its length; None at the end of the recording."""
    probability: float = 0.0
    hangs: bool = False


Rule = Callable[[Pause], float]


def run(flags: Flags) -> str:
    """A table of the rules and the cost of a question, for each model that hears the
    last word."""
    clips = short_english(flags)
    if not clips:
        return LEFT_OUT.format(name="turn_ends")
    return "\n".join(_table(model, clips) for model in flags.models)


def _table(model: str, clips: Sequence[Recording]) -> str:
    worker = SmartTurnWorker(find_turn_model(load_config({}).config))
    worker.load()
    offline, vad = Offline(model, 1), SileroVad()
    pauses: list[Pause] = []
    costs: list[tuple[float, float]] = []
    for clip in clips:
        samples = samples_of(clip)
        for each in _pauses(samples, vad):
            turn = _with_silence(samples)[: each.end_sample + ASK_AFTER_SAMPLES]
            each.probability, cost = _timed(worker, turn)
            costs.append(cost)
            text = offline.text(turn, language=None)
            each.hangs = hangs(text, clip.language)
            pauses.append(each)
    rows = [_row(f"{each:g} s", pauses, _fixed(each)) for each in FIXED_SECONDS]
    rows.append(_row("semantic", pauses, _semantic))
    rows.append(_row("semantic, without the text", pauses, _by_sound))
    rows.append(_row("of a conversation", pauses, _in_conversation))
    header = [
        "pause that ends a turn",
        "false cut-ins",
        "delay of true ends, p50",
        "p90",
        "mean",
    ]
    features, network = zip(*costs, strict=True)
    told = f"Cost of a question on one core: features {milliseconds(features)}, model {milliseconds(network)}.\n"
    return table(f"Ends of turns, hanging words by {model}", header, rows) + told


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


def _timed(worker: SmartTurnWorker, turn: Samples) -> tuple[float, tuple[float, float]]:
    """The probability, and the processor seconds of the features, and of the model on
    top of them."""
    began = time.process_time()
    turn_features(turn)
    features = time.process_time() - began
    began = time.process_time()
    probability = worker.probability(turn)
    return probability, (features, time.process_time() - began - features)


def _row(name: str, pauses: Sequence[Pause], rule: Rule) -> list[str]:
    inner = [each for each in pauses if each.seconds is not None]
    cut_in = sum(rule(each) <= (each.seconds or 0) for each in inner)
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


def _in_conversation(pause: Pause) -> float:
    return CommitDelays().after(pause.probability, hangs=pause.hangs, patience=1.0)


def _by_sound(pause: Pause) -> float:
    return _SEMANTIC.seconds(pause.probability, hangs=False)
