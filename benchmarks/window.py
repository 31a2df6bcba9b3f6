"""Short window beside the full one: word error rate and time; writes the engine's table."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from benchmarks.corpus import LEFT_OUT
from benchmarks.flags import Flags
from benchmarks.report import milliseconds, table
from common.audio import SPEECH_RATE_HZ, Samples, read_wav
from common.config import load_config
from common.models.files import find_whisper
from stt_app.core.engine import TranscriptionRequest
from stt_app.core.languages import AUTO, LANGUAGES
from stt_app.core.whisper.decoding import Decoding
from stt_app.core.whisper.requests import WhisperReply, WhisperRequest
from stt_app.core.whisper.short_window import ShortWindowWhisper
from stt_app.core.whisper.window_table import (
    LONGEST_SECONDS,
    OTHERS,
    TABLE,
    WindowRow,
    read_table,
)
from tests.word_errors import Recording, count_errors, recordings

WINDOWS = ("full", "short")
THREADS = 2
LEADS_SECONDS = (0.0, 0.31)
"""Each recording is heard from its start and with quiet before it, because where
its sounds fall in the encoder's grid changes single words by chance. The second
time its language is not told but detected."""

TIMED_SECONDS = (3.0, 9.0)
"""The lengths of recordings whose time is compared between languages."""

ALIGNED_SECONDS = 4.0
"""Word times are compared on recordings up to this length."""
FAR_SECONDS = 0.1
"""Word times further apart than this are worse than the full window's."""


@dataclass
class Heard:
    """What one model wrote with one window."""

    texts: dict[tuple[Recording, float], str] = field(default_factory=dict)
    seconds: dict[tuple[Recording, float], float] = field(default_factory=dict)
    """Processor time, of all cores together."""
    redecoded: int = 0
    detected: int = 0
    """Recordings whose language was detected rightly."""

    @property
    def clips(self) -> int:
        return len(self.texts) // len(LEADS_SECONDS)


def run(flags: Flags) -> str:
    """Tables of error rates and times. Writes the models' rows of `window_table.json`,
    unless it was to be quick.
    """
    clips = [clip for clip in recordings() if clip.seconds < LONGEST_SECONDS]
    clips = clips[:: 8 if flags.quick else 1]
    if not clips:
        return LEFT_OUT.format(name="window")
    printed, rows = [], []
    for name in flags.models:
        model = _load(name)
        spoken = [clip for clip in clips if clip.reference and _knows(model, clip)]
        heard = {window: _hear(model, name, window, spoken) for window in WINDOWS}
        made_up = {window: _made_up(model, name, window, clips) for window in WINDOWS}
        rows += _table_rows(name, heard)
        printed.append(_times(name, heard))
        printed.append(_summary(name, heard, made_up))
        printed.append(_alignment(model, name, spoken))
    if not flags.quick:
        _write(rows)
    return "\n".join([_rates(rows), *printed])


def _write(rows: Sequence[WindowRow]) -> None:
    measured = {row.model for row in rows}
    kept = [row for row in read_table() if row.model not in measured]
    lines = ",\n".join(f"  {json.dumps(asdict(row))}" for row in [*kept, *rows])
    TABLE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def _load(name: str) -> ShortWindowWhisper:
    folder = find_whisper(name, load_config({}).config)
    return ShortWindowWhisper(
        str(folder), device="cpu", compute_type="int8", cpu_threads=THREADS
    )


def _knows(model: ShortWindowWhisper, clip: Recording) -> bool:
    return clip.language == "en" or bool(model.model.is_multilingual)


def _hear(
    model: ShortWindowWhisper, name: str, window: str, clips: Iterable[Recording]
) -> Heard:
    heard = Heard()
    for clip in clips:
        for lead in LEADS_SECONDS:
            samples = _after_quiet(read_wav(clip.path).samples, lead)
            began = time.process_time()
            language = AUTO if lead else clip.language
            reply = _decode(
                model, name, window, TranscriptionRequest(samples, language)
            )
            heard.seconds[clip, lead] = time.process_time() - began
            heard.texts[clip, lead] = reply.transcript.text
            heard.redecoded += reply.redecoded is not None
            heard.detected += bool(lead) and reply.transcript.language == clip.language
    return heard


def _decode(
    model: ShortWindowWhisper, name: str, window: str, utterance: TranscriptionRequest
) -> WhisperReply:
    own = model.for_one_utterance()
    own.short_languages = LANGUAGES if window == "short" else frozenset()
    return Decoding(own, WhisperRequest(utterance), name).run()


def _after_quiet(samples: Samples, seconds: float) -> Samples:
    quiet = np.random.default_rng(0).standard_normal(int(seconds * SPEECH_RATE_HZ))
    return np.concatenate([(quiet * 1e-4).astype(np.float32), samples])


def _made_up(
    model: ShortWindowWhisper, name: str, window: str, clips: Iterable[Recording]
) -> str:
    """On how many recordings without speech there is text."""
    quiet = [clip for clip in clips if not clip.reference]
    texts = []
    for clip in quiet:
        # Voice activity found nothing, so nothing is decoded twice.
        utterance = TranscriptionRequest(
            read_wav(clip.path).samples, "en", voice_probability=0.0
        )
        texts.append(_decode(model, name, window, utterance).transcript.text)
    return f"{sum(map(bool, texts))} of {len(quiet)}"


def _table_rows(name: str, heard: dict[str, Heard]) -> list[WindowRow]:
    languages = sorted({clip.language for clip, _ in heard["full"].texts})
    others = [language for language in languages if language != "en"]
    groups = {language: [language] for language in languages}
    if others:
        groups[OTHERS] = others
    return [
        WindowRow(
            name,
            group,
            _rate(heard["full"], spoken),
            _rate(heard["short"], spoken),
            sum(_errors(heard["full"], each)[1] for each in spoken),
        )
        for group, spoken in groups.items()
    ]


def _rate(heard: Heard, languages: Iterable[str]) -> float:
    counted = [_errors(heard, language) for language in languages]
    errors = sum(errors for errors, _ in counted)
    return round(100 * errors / sum(words for _, words in counted), 2)


def _errors(heard: Heard, language: str) -> tuple[int, int]:
    """Errors and reference words of one language."""
    pairs = [
        (clip.reference, text)
        for (clip, _), text in heard.texts.items()
        if clip.language == language
    ]
    return count_errors(pairs, language)


def _times(name: str, heard: dict[str, Heard]) -> str:
    """The time of a final by language, next to that of English."""
    usual = {window: _median(heard[window], "en") or np.nan for window in WINDOWS}
    rows = []
    for language in sorted({clip.language for clip, _ in heard["full"].texts}):
        full, short = (_median(heard[window], language) for window in WINDOWS)
        if full and short:
            ratios = f"{full / usual['full']:.2f}", f"{short / usual['short']:.2f}"
            times = f"{1000 * full:.0f} ms", f"{1000 * short:.0f} ms"
            rows.append([language, *times, *ratios])
    return table(
        f"Processor time of a final, {name}, medians of recordings of "
        f"{TIMED_SECONDS[0]:g} to {TIMED_SECONDS[1]:g} s",
        ["language", "full", "short", "full / English", "short / English"],
        rows,
    )


def _median(heard: Heard, language: str) -> float | None:
    least, most = TIMED_SECONDS
    times = [
        seconds
        for (clip, _), seconds in heard.seconds.items()
        if clip.language == language and least <= clip.seconds <= most
    ]
    return float(np.median(times)) if times else None


def _rates(rows: Iterable[WindowRow]) -> str:
    return table(
        "Word error rate with the full and the short window",
        ["model", "language", "reference words", "full", "short", "`auto` means"],
        [
            [
                row.model,
                row.language,
                str(row.words),
                f"{row.full_error_rate:.1f} %",
                f"{row.short_error_rate:.1f} %",
                "short" if row.proven else "full",
            ]
            for row in rows
        ],
    )


def _summary(name: str, heard: dict[str, Heard], made_up: dict[str, str]) -> str:
    return table(
        f"One utterance, {name}, {THREADS} threads",
        [
            "window",
            "processor time, median / p95",
            "decoded again",
            "language right",
            "text on no speech",
        ],
        [
            [
                window,
                milliseconds(list(heard[window].seconds.values())),
                f"{heard[window].redecoded} of {len(heard[window].texts)}",
                f"{heard[window].detected} of {heard[window].clips}",
                made_up[window],
            ]
            for window in WINDOWS
        ],
    )


def _alignment(model: ShortWindowWhisper, name: str, clips: Iterable[Recording]) -> str:
    """How far the two windows' word times are apart, where they heard the same."""
    starts: list[float] = []
    for clip in clips:
        if clip.seconds > ALIGNED_SECONDS:
            continue
        samples = read_wav(clip.path).samples
        utterance = TranscriptionRequest(samples, clip.language, word_timestamps=True)
        full, short = (
            _decode(model, name, window, utterance).transcript.words
            for window in WINDOWS
        )
        if [word.word for word in full] == [word.word for word in short]:
            starts += [
                abs(one.start - other.start)
                for one, other in zip(full, short, strict=True)
            ]
    return table(
        f"Word times of the two windows, {name}",
        ["words", "starts apart, median / p95", "over 100 ms"],
        [
            [
                str(len(starts)),
                milliseconds(starts),
                f"{100 * np.mean(np.asarray(starts) > FAR_SECONDS):.1f} %",
            ]
        ],
    )
