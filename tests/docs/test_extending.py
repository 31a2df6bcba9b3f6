"""The engines of docs/extending.md are complete: each passes its contract suite."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from common.config import (
    Config,
    LlmEngineSettings,
    SttEngineSettings,
    TtsEngineSettings,
    project_dir,
)
from stt_app.core.engine import TranscriptionRequest
from tests.contracts.llm import LlmContract
from tests.contracts.stt import SttContract
from tests.contracts.tts import TtsContract

PAGE = project_dir() / "docs" / "extending.md"
MOST_LINES = 65
CONFIG = Config()


@cache
def example(class_name: str) -> Any:
    """The class that a code block of the page defines."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    (block,) = [each for each in blocks if f"\nclass {class_name}:" in each]
    assert len(block.splitlines()) <= MOST_LINES
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102 - our own page
    return names[class_name]


async def running(engine: Any) -> AsyncIterator[Any]:
    await engine.start()
    yield engine
    await engine.stop()


class TestSpeechToText(SttContract):
    @pytest.fixture
    def fresh_stt(self) -> Any:
        config = SttEngineSettings.part_of(CONFIG)
        return example("LoudnessStt")(config, {"loud_rms": 0.05})

    @pytest.fixture
    async def stt(self) -> AsyncIterator[Any]:
        async for engine in running(example("LoudnessStt")(None, {})):
            yield engine

    @pytest.fixture
    def speech(self) -> TranscriptionRequest:
        return TranscriptionRequest(np.full(16_000, 0.2, np.float32))


class TestTextToSpeech(TtsContract):
    @pytest.fixture
    def fresh_tts(self) -> Any:
        return example("BeepTts")(TtsEngineSettings.part_of(CONFIG), {"pitch_hz": 220})

    @pytest.fixture
    async def tts(self) -> AsyncIterator[Any]:
        async for engine in running(example("BeepTts")(None, {})):
            yield engine


class TestLanguageModel(LlmContract):
    @pytest.fixture
    def fresh_llm(self) -> Any:
        return example("ParrotLlm")(LlmEngineSettings.part_of(CONFIG), {"prefix": ""})

    @pytest.fixture
    async def llm(self) -> AsyncIterator[Any]:
        async for engine in running(example("ParrotLlm")(None, {})):
            yield engine


def test_the_settings_that_the_page_names_are_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = re.findall(
        r"`((?:stt|tts|llm)_(?:engine|backend|fallback|options)\w*)`", text
    )
    assert len(set(named)) >= 7
    assert set(named) <= set(Config.model_fields)
