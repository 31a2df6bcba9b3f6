"""The `http` engines with this server, on fakes, as the other machine."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest

from common.workers import Priority, Urgency
from stt_app.core.engine import TranscriptionRequest
from stt_app.core.remote.engine import RemoteStt
from tests.contracts.stt import SttContract
from tests.contracts.tts import TtsContract
from tests.fakes import FakeStt
from tests.server_process import RunningServer
from tests.stt.remote import hearing
from tests.stt.sounds import sound
from tests.tts.remote import remote_speaking
from tts_app.core.remote.engine import RemoteTts

pytestmark = pytest.mark.server

UTTERANCE = TranscriptionRequest(np.asarray(sound(1.5)))


class TestSpeechToText(SttContract):
    @pytest.fixture
    async def stt(self, server: RunningServer) -> AsyncIterator[RemoteStt]:
        async with hearing.started(server.url, model=FakeStt.model_name) as engine:
            yield engine

    @pytest.fixture
    def fresh_stt(self, server: RunningServer) -> RemoteStt:
        return hearing.fresh(server.url)

    @pytest.fixture
    def speech(self) -> TranscriptionRequest:
        return UTTERANCE


class TestTextToSpeech(TtsContract):
    LONG_SENTENCES = 130
    """As many as one request may have (`tts_max_text_length`)."""

    @pytest.fixture
    async def tts(self, server: RunningServer) -> AsyncIterator[RemoteTts]:
        async with remote_speaking.started(server.url) as engine:
            yield engine

    @pytest.fixture
    def fresh_tts(self, server: RunningServer) -> RemoteTts:
        return remote_speaking.fresh(server.url)


LISTENING = (Priority.FINAL, Priority.SPECULATIVE, Priority.INTERIM, Priority.FILE)
SPEAKING = (Priority.FIRST_CLAUSE, Priority.LATER_CLAUSE, Priority.SPECULATIVE)


@pytest.mark.parametrize("priority", LISTENING)
async def test_an_utterance_may_have_every_priority_and_a_deadline(
    server: RunningServer, priority: Priority
) -> None:
    urgency = Urgency(priority, time.monotonic() + 60)
    async with hearing.started(server.url) as engine:
        assert (await hearing.ask(engine, UTTERANCE, urgency)).text


@pytest.mark.parametrize("priority", SPEAKING)
async def test_a_clause_may_have_every_priority(
    server: RunningServer, priority: Priority
) -> None:
    async with remote_speaking.started(server.url) as engine:
        assert await remote_speaking.say(engine, urgency=priority)


async def test_the_server_looks_for_no_speech_where_some_was_found(
    server: RunningServer,
) -> None:
    faint = replace(UTTERANCE, samples=UTTERANCE.samples * 1e-4, voice_probability=0.0)
    async with hearing.started(server.url) as engine:
        for length in (1_000, 16_000):
            request = replace(faint, samples=faint.samples[:length])
            assert (await hearing.ask(engine, request)).text


async def test_all_options_of_an_utterance_are_taken(server: RunningServer) -> None:
    told = replace(
        UTTERANCE,
        language="en",
        prompt="So it goes.",
        hotwords="Zaphod, Trillian",
        word_timestamps=True,
    )
    async with hearing.started(server.url) as engine:
        assert (await hearing.ask(engine, told)).words
