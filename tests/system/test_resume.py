"""Connections and servers are torn away in the middle of speech, and no word is lost."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from common.audio import SPEECH_RATE_HZ, Audio, read_wav
from tests.clients import speak
from tests.server_process import RunningServer, free_port, server_environment
from tests.system.resuming_client import ResumingClient, random_breaks
from tests.word_errors import normalize, word_error_rate

# A busy machine may take long to understand so many streams.
pytestmark = [pytest.mark.model, pytest.mark.server, pytest.mark.timeout(600)]

SENTENCES = (
    "The harbour master counted seven boats before breakfast.",
    "Nobody remembered who had painted the garden gate green.",
)
PAUSE_SECONDS = 1.0
STREAMS = 12
AT_ONCE = 6
MOST_DIFFERENT = 0.02


@pytest.fixture(scope="module")
def speech(server: RunningServer) -> Audio:
    """The sentences, with pauses between them."""
    pause = np.zeros(int(PAUSE_SECONDS * SPEECH_RATE_HZ), np.float32)

    async def all_spoken() -> list[np.ndarray]:
        parts = []
        for sentence in SENTENCES:
            answer = await speak(server.url, text=sentence, llm=False, format="wav")
            parts += [read_wav(answer.body).resampled(SPEECH_RATE_HZ).samples, pause]
        return parts

    return Audio(np.concatenate(asyncio.run(all_spoken())), SPEECH_RATE_HZ)


@pytest.fixture(scope="module")
def expected(server: RunningServer, speech: Audio) -> str:
    """What an undisturbed connection hears."""
    heard = asyncio.run(ResumingClient(server.ws_url, speech).run())
    assert len(normalize(heard).split()) > 15
    return heard


def differences(expected: str, heard: list[str]) -> float:
    for text in heard:
        missing = Counter(normalize(expected).split()) - Counter(
            normalize(text).split()
        )
        doubled = Counter(normalize(text).split()) - Counter(
            normalize(expected).split()
        )
        assert missing.total() + doubled.total() <= 4, (text, expected)
    return word_error_rate((expected, text) for text in heard)


async def run_in_turns(clients: list[ResumingClient]) -> list[str]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(client: ResumingClient) -> str:
        async with gate:
            return await client.run()

    return await asyncio.gather(*map(one, clients))


def test_no_word_is_lost_when_connections_are_torn(
    server: RunningServer, speech: Audio, expected: str
) -> None:
    chance = random.Random(1)
    clients = [
        ResumingClient(
            server.ws_url,
            speech,
            breaks_at=random_breaks(speech.seconds, chance.randint(1, 3), chance),
        )
        for _ in range(STREAMS)
    ]
    heard = asyncio.run(run_in_turns(clients))
    assert all(client.connections >= 2 for client in clients)
    assert differences(expected, heard) <= MOST_DIFFERENT


class MortalServer:
    """A server that is killed and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self._folder = folder
        self._starts = 0
        self.start()

    def start(self) -> None:
        self._starts += 1
        settings = {
            "data_dir": str(self._folder / "data"),
            "tts_port": self._port,
            "whisper_model_name": "tiny.en",
            "tts_engine": "tests.project.fake_engines:Tts",
            "llm_backend": "none",
        }
        log = self._folder / f"server-{self._starts}.log"
        environment = server_environment(settings)
        self.process = RunningServer([], environment, self._port, log)
        self.process.wait_until_ready()

    def kill(self) -> None:
        self.process.process.kill()
        self.process.process.wait()


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[MortalServer]:
    server = MortalServer(tmp_path)
    yield server
    server.process.stop()


def test_no_word_is_lost_when_the_server_is_killed(
    mortal: MortalServer, speech: Audio, expected: str
) -> None:
    chance = random.Random(2)

    async def one_round() -> list[str]:
        clients = [
            ResumingClient(mortal.process.ws_url, speech) for _ in range(AT_ONCE)
        ]
        running = [asyncio.create_task(client.run()) for client in clients]
        await asyncio.sleep(chance.uniform(0.3, speech.seconds / 4 - 0.3))
        mortal.kill()
        await asyncio.to_thread(mortal.start)
        heard = await asyncio.gather(*running)
        assert all(client.connections >= 2 for client in clients)
        return heard

    heard = [
        text for _ in range(STREAMS // AT_ONCE) for text in asyncio.run(one_round())
    ]
    assert len(heard) == STREAMS
    assert differences(expected, heard) <= MOST_DIFFERENT
