"""The `http` engines with this server, on fakes, as the other machine."""

from __future__ import annotations

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
        return TranscriptionRequest(np.asarray(sound(1.5)))


class TestTextToSpeech(TtsContract):
    @pytest.fixture
    async def tts(self, server: RunningServer) -> AsyncIterator[RemoteTts]:
        async with remote_speaking.started(server.url) as engine:
            yield engine

    @pytest.fixture
    def fresh_tts(self, server: RunningServer) -> RemoteTts:
        return remote_speaking.fresh(server.url)


@pytest.mark.parametrize("priority", list(Priority))
async def test_the_server_takes_every_priority_and_a_deadline(
    server: RunningServer, priority: Priority
) -> None:
    urgency = Urgency(priority)
    async with hearing.started(server.url) as engine:
        request = TranscriptionRequest(np.asarray(sound(1.5)), "en")
        assert (await hearing.ask(engine, request, urgency)).text
    async with remote_speaking.started(server.url) as engine:
        assert await remote_speaking.say(engine, urgency=Urgency(priority))


async def test_all_options_of_an_utterance_are_taken(server: RunningServer) -> None:
    request = TranscriptionRequest(np.asarray(sound(1.5)))
    told = replace(
        request,
        language="en",
        prompt="So it goes.",
        hotwords="Zaphod, Trillian",
        word_timestamps=True,
    )
    async with hearing.started(server.url) as engine:
        assert (await hearing.ask(engine, told)).words
