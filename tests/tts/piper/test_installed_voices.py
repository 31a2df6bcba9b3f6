"""Piper's worker keeps voices loaded under its caps; the engine keeps short clauses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from common.config import LoadedConfig
from common.metrics import SPEECH_CACHE_HITS
from common.models.files import VoiceFiles, find_voices
from tests.contracts.tts import changed, spoken
from tts_app.core.engine import SynthesisRequest
from tts_app.core.piper.engine import PiperEngine
from tts_app.core.piper.worker import PiperJob, PiperOptions, PiperWorker

pytestmark = pytest.mark.model


@pytest.fixture
def joe(real_config: LoadedConfig) -> VoiceFiles:
    return find_voices(real_config.config)[0]


@pytest.fixture
def jobs(joe: VoiceFiles, tmp_path: Path) -> list[PiperJob]:
    """The same voice under three names."""
    paths = [tmp_path / f"{name}.onnx" for name in "abc"]
    for path in paths:
        path.symlink_to(joe.onnx)
    request = SynthesisRequest("Hi.")
    return [
        PiperJob(request=request, onnx=str(path), config=str(joe.config))
        for path in paths
    ]


def worker(*, max_voices: int = 16, memory_mb: int = 10_000) -> PiperWorker:
    return PiperWorker(
        PiperOptions(
            onnx="", config="", threads=1, max_voices=max_voices, memory_mb=memory_mb
        )
    )


def say(worker: PiperWorker, *jobs: PiperJob) -> list[str]:
    """The names of the loaded voices after these jobs."""
    for job in jobs:
        assert list(worker.handle(job))
    return [Path(path).stem for path in worker.loaded]


def test_the_least_recently_used_voice_goes(jobs: list[PiperJob]) -> None:
    a, b, c = jobs
    assert say(worker(max_voices=2), a, b, a, c) == ["a", "c"]


def test_voices_stay_under_the_memory_cap(jobs: list[PiperJob]) -> None:
    assert say(worker(memory_mb=60), *jobs) == ["c"]
    assert say(worker(memory_mb=1_000), *jobs) == ["a", "b", "c"]


def test_a_voice_that_was_replaced_is_loaded_anew(jobs: list[PiperJob]) -> None:
    piper = worker()
    old = replace(jobs[0], stamp=1)
    say(piper, old)
    loaded = piper._voice(old)
    assert piper._voice(old) is loaded
    assert piper._voice(replace(old, stamp=2)) is not loaded


@pytest.fixture
async def engine(real_config: LoadedConfig) -> AsyncIterator[PiperEngine]:
    piper = PiperEngine(real_config.config.model_copy(update={"tts_cache_mb": 1.0}))
    await piper.start()
    yield piper
    await piper.stop()


def hits() -> float:
    return float(SPEECH_CACHE_HITS._value.get())


async def test_a_clause_that_was_spoken_before_comes_from_the_cache(
    engine: PiperEngine,
) -> None:
    request = SynthesisRequest("Good morning.")
    before = hits()
    first = await spoken(engine, request)
    again = await spoken(engine, request)
    assert [part.samples.tobytes() for part in first] == [
        part.samples.tobytes() for part in again
    ]
    assert hits() == before + 1
    await spoken(engine, changed(request, speed=1.1))
    assert hits() == before + 1
