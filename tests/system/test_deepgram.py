"""The official Deepgram SDK (7.17) speaks a sentence and hears it back, with real models."""

from __future__ import annotations

from typing import Any

import pytest
from deepgram import DeepgramClient
from deepgram.environment import DeepgramClientEnvironment
from deepgram.listen.v1.types import ListenV1Results
from deepgram.listen.v2.types import ListenV2TurnInfo

from tests.server_process import RunningServer
from tests.word_errors import word_error_rate

pytestmark = [pytest.mark.model, pytest.mark.server]

SENTENCE = "Please remember to water the plants in the kitchen before you leave."
MOST_ERRORS = 0.2
"""Two words of the sentence."""
RATE_HZ = 16_000
FRAME_BYTES = 3_200
SILENCE = bytes(2 * RATE_HZ)
"""One second."""


def test_it_hears_what_it_says(server: RunningServer) -> None:
    environment = DeepgramClientEnvironment(
        base=server.url,
        production=server.ws_url,
        agent=server.ws_url,
        agent_rest=server.url,
    )
    deepgram = DeepgramClient(api_key="none-is-needed", environment=environment)
    audio = deepgram.speak.v1.audio.generate(
        text=SENTENCE,
        model="aura-2-thalia-en",
        encoding="linear16",
        container="none",
        sample_rate=RATE_HZ,
    )
    pcm = SILENCE + b"".join(audio) + SILENCE
    assert word_error_rate([(SENTENCE, live_text(deepgram, pcm))]) <= MOST_ERRORS
    assert word_error_rate([(SENTENCE, turn_text(deepgram, pcm))]) <= MOST_ERRORS


def live_text(deepgram: DeepgramClient, pcm: bytes) -> str:
    """What `/v1/listen` hears; its words must have real times and confidences."""
    with deepgram.listen.v1.connect(
        model="nova-3", language="en", encoding="linear16", sample_rate=RATE_HZ
    ) as connection:
        send(connection, pcm)
        finals = [each for each in connection if isinstance(each, ListenV1Results)]
    words = [word for each in finals for word in each.channel.alternatives[0].words]
    starts = [word.start for word in words]
    assert starts == sorted(starts)
    assert starts[0] == pytest.approx(1.0, abs=0.5)
    assert len({word.confidence for word in words}) > 1
    return " ".join(each.channel.alternatives[0].transcript for each in finals)


def turn_text(deepgram: DeepgramClient, pcm: bytes) -> str:
    """What `/v2/listen` hears."""
    with deepgram.listen.v2.connect(
        model="flux-general-en",
        encoding="linear16",
        sample_rate=RATE_HZ,
        eager_eot_threshold=0.4,
    ) as connection:
        send(connection, pcm)
        turns = [each for each in connection if isinstance(each, ListenV2TurnInfo)]
    return " ".join(each.transcript for each in turns if each.event == "EndOfTurn")


def send(connection: Any, pcm: bytes) -> None:
    for start in range(0, len(pcm), FRAME_BYTES):
        connection.send_media(pcm[start : start + FRAME_BYTES])
    connection.send_close_stream()
