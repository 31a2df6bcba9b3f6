"""The `http` text-to-speech engine in front of a scripted server."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import numpy as np

from common.audio import Samples
from common.config import Config, TtsEngineSettings
from common.workers import Priority, Urgency
from tests.contracts.tts import SENTENCE, spoken
from tests.llm.helpers import started as running
from tts_app.core.engine import SpeechPart, SynthesisRequest
from tts_app.core.remote.engine import RemoteTts

SECTION = TtsEngineSettings.part_of(Config())
SOON_SECONDS = 0.25
"""A limit that a test waits for."""


def fresh(url: str, **options: Any) -> RemoteTts:
    return RemoteTts(SECTION, {"url": url, **options})


def started(url: str, **options: Any) -> AbstractAsyncContextManager[RemoteTts]:
    """The engine while it runs."""
    return running(fresh(url, **options))


async def say(
    engine: RemoteTts,
    text: str = SENTENCE,
    urgency: Priority | Urgency = Priority.FIRST_CLAUSE,
) -> list[SpeechPart]:
    return await spoken(engine, SynthesisRequest(text), urgency)


def joined(parts: Sequence[SpeechPart]) -> Samples:
    samples: Samples = np.concatenate([part.samples for part in parts])
    return samples
