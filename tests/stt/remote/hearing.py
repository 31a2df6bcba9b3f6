"""The `http` speech-to-text engine in front of a scripted server."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

import numpy as np

from common.config import Config, SttEngineSettings
from common.workers import Priority, Urgency
from stt_app.core.engine import Transcript, TranscriptionRequest
from stt_app.core.remote.engine import RemoteStt
from tests.llm.helpers import started as running
from tests.servers.audio import tone

SECTION = SttEngineSettings.part_of(Config())
SPEECH = TranscriptionRequest(np.asarray(tone(1.0, 16_000).samples))
SOON_SECONDS = 0.25
"""A limit that a test waits for."""


def fresh(url: str, **options: Any) -> RemoteStt:
    return RemoteStt(SECTION, {"url": url, **options})


def started(url: str, **options: Any) -> AbstractAsyncContextManager[RemoteStt]:
    """The engine while it runs."""
    return running(fresh(url, **options))


async def ask(
    engine: RemoteStt,
    request: TranscriptionRequest = SPEECH,
    urgency: Urgency | None = None,
) -> Transcript:
    return await engine.transcribe(request, urgency or Urgency(Priority.FINAL))
