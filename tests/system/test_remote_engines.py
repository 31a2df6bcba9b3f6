"""The `http` engines with this server, on real models, as the other machine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from common.audio import SPEECH_RATE_HZ, Audio
from common.workers import Priority
from stt_app.core.engine import TranscriptionRequest
from stt_app.core.remote.engine import RemoteStt
from tests.contracts.stt import SttContract
from tests.contracts.tts import SENTENCE, TtsContract
from tests.server_process import RunningServer
from tests.stt.remote import hearing
from tests.tts.remote import remote_speaking
from tests.word_errors import normalize
from tts_app.core.remote.engine import RemoteTts

pytestmark = [pytest.mark.model, pytest.mark.server]


async def said_by(server: RunningServer) -> Audio:
    """SENTENCE, spoken by the server, at 16 kHz."""
    async with remote_speaking.started(server.url) as engine:
        parts = await remote_speaking.say(engine, urgency=Priority.LATER_CLAUSE)
    audio = Audio(remote_speaking.joined(parts), parts[0].rate_hz)
    return audio.resampled(SPEECH_RATE_HZ)


class TestSpeechToText(SttContract):
    @pytest.fixture
    async def stt(self, server: RunningServer) -> AsyncIterator[RemoteStt]:
        async with hearing.started(server.url) as engine:
            yield engine

    @pytest.fixture
    def fresh_stt(self, server: RunningServer) -> RemoteStt:
        return hearing.fresh(server.url)

    @pytest.fixture
    async def speech(self, server: RunningServer) -> TranscriptionRequest:
        return TranscriptionRequest((await said_by(server)).samples)


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


async def test_what_one_engine_says_the_other_writes_down(
    server: RunningServer,
) -> None:
    spoken = TranscriptionRequest((await said_by(server)).samples)
    async with hearing.started(server.url) as engine:
        found = await hearing.ask(engine, spoken)
    assert normalize(found.text) == normalize(SENTENCE)
    assert found.confidence > 0.5
