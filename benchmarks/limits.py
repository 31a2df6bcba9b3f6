"""How long speech may go on before it is cut, and how wide the beam is: word errors.

Recordings of long and of spontaneous English, found and cut as a session does it, and
decoded as finals or as files. The machine need not be quiet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from benchmarks.corpus import LEFT_OUT, samples_of
from benchmarks.flags import Flags
from benchmarks.offline import Offline
from benchmarks.report import table
from common.audio import SPEECH_RATE_HZ, Samples, float_to_pcm16
from common.config import load_config
from common.config.speech import ListeningSettings
from common.models.files import find_whisper
from stt_app.core.endpointing.events import UtteranceEnded
from stt_app.core.endpointing.frontend import AudioFrontend
from stt_app.core.endpointing.vad import SileroVad
from stt_app.core.engine import TranscriptionRequest
from stt_app.core.whisper.requests import CAREFUL, FAST, WhisperOptions, WhisperRequest
from stt_app.core.whisper.worker import WhisperWorker
from tests.word_errors import Recording, count_errors, recordings

KINDS = ("long", "spontaneous")
WAYS = ((12.0, FAST), (16.0, FAST), (20.0, FAST), (24.0, FAST), (20.0, CAREFUL))
"""Seconds after which speech is cut, and the beam's width."""
QUICK_SECONDS = 25.0


def run(flags: Flags) -> str:
    """A table for each model."""
    clips = [clip for clip in recordings() if clip.kind in KINDS]
    if flags.quick:
        clips = [clip for clip in clips if clip.seconds < QUICK_SECONDS]
    if not clips:
        return LEFT_OUT.format(name="limits")
    return "\n".join(_table(model, clips) for model in flags.models)


def _table(model: str, clips: Sequence[Recording]) -> str:
    folder = find_whisper(model, load_config({}).config)
    worker = WhisperWorker(WhisperOptions(model, folder, "cpu", "auto", threads=1))
    worker.load()
    vad, offline = SileroVad(), Offline(model)

    def live(limit_seconds: float, beam: int) -> Callable[[Samples], str]:
        settings = ListeningSettings(max_utterance_seconds=limit_seconds)
        return lambda samples: _text(worker, beam, _utterances(samples, settings, vad))

    rows = [
        [f"{seconds:g} s", str(beam), *_errors(clips, live(seconds, beam))]
        for seconds, beam in WAYS
    ]
    for beam in (FAST, CAREFUL):
        bare = partial(offline.text, language="en", beam=beam)
        rows.append(["not cut, bare `WhisperModel`", str(beam), *_errors(clips, bare)])
    title = f"Wrong, lost and added words of long speech, {model}"
    return table(title, ["cut at", "beam", *KINDS], rows)


def _errors(clips: Sequence[Recording], text: Callable[[Samples], str]) -> list[str]:
    cells = []
    for kind in KINDS:
        some = [
            (clip.reference, text(samples_of(clip)))
            for clip in clips
            if clip.kind == kind
        ]
        errors, words = count_errors(some, "en")
        cells.append(f"{errors} of {words}" if some else "")
    return cells


def _utterances(
    samples: Samples, settings: ListeningSettings, vad: SileroVad
) -> list[UtteranceEnded]:
    hearing = AudioFrontend(settings, vad)
    quiet = np.zeros(SPEECH_RATE_HZ, np.float32)
    events = hearing.hear(float_to_pcm16(np.concatenate([samples, quiet])))
    return [
        each for each in events + hearing.flush() if isinstance(each, UtteranceEnded)
    ]


def _text(
    worker: WhisperWorker, beam: int, utterances: Sequence[UtteranceEnded]
) -> str:
    requests = [
        WhisperRequest(
            TranscriptionRequest(
                each.samples, "en", voice_probability=each.voice_probability
            ),
            beam=beam,
        )
        for each in utterances
    ]
    replies = [reply for each in requests for reply in worker.handle(each)]
    return " ".join(each.transcript.text for each in replies)
