"""The stages of a spoken answer by the bare libraries, one after the other."""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.first_answer import BareLibraries
from benchmarks.offline import Offline
from common.audio import Samples
from common.config import load_config


@dataclass(frozen=True)
class BareStages:
    """Milliseconds of one question and its answer."""

    whisper_ms: float
    clause_ms: float
    """llama.cpp up to the end of the first clause."""
    piper_ms: float

    @property
    def total_ms(self) -> float:
        return self.whisper_ms + self.clause_ms + self.piper_ms


class Bare:
    """faster-whisper, llama.cpp and Piper in this process, with the server's models."""

    def __init__(self, model: str) -> None:
        self._whisper = Offline(model)
        self._answers = BareLibraries(load_config({}).config)

    def answer(self, samples: Samples) -> BareStages:
        """Transcribe the samples at 16 kHz, and answer up to the first audio."""
        began = time.perf_counter()
        text = self._whisper.text(samples)
        heard = time.perf_counter() - began
        found = self._answers.answer(text or "Hello!")
        piper = found.first_audio - found.first_clause
        return BareStages(1000 * heard, 1000 * found.first_clause, 1000 * piper)
