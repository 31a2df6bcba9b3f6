"""The official Deepgram SDK against the real server on fakes.

deepgram-sdk 7.17: `DeepgramClient(environment=DeepgramClientEnvironment(...))` takes its
addresses from `deepgram/environment.py`: `base` for HTTP, `production` for WebSockets.
The fake engine hears "fake" in all that sounds like speech to Silero's detector; a tone
does not, so the speech here is synthetic vowels.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import av
import pytest
from deepgram import DeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.environment import DeepgramClientEnvironment
from deepgram.listen.v1.types import ListenV1Metadata, ListenV1Results
from deepgram.listen.v2.types import ListenV2Connected, ListenV2TurnInfo
from deepgram.speak.v1.types import SpeakV1Flushed, SpeakV1Metadata, SpeakV1Text
from deepgram.types.listen_v1response import ListenV1Response

from common.audio import Audio, float_to_pcm16, wav_bytes
from tests.compat.served.speech import vowels
from tests.server_process import RunningServer

pytestmark = pytest.mark.server

SPEECH = vowels(2.0, pause_seconds=1.2)
PCM = float_to_pcm16(SPEECH)
FRAME_BYTES = 3_200


@pytest.fixture(scope="module")
def deepgram(server: RunningServer) -> DeepgramClient:
    environment = DeepgramClientEnvironment(
        base=server.url,
        production=server.ws_url,
        agent=server.ws_url,
        agent_rest=server.url,
    )
    return DeepgramClient(api_key="none-is-needed", environment=environment)


def frames() -> Iterator[bytes]:
    for start in range(0, len(PCM), FRAME_BYTES):
        yield PCM[start : start + FRAME_BYTES]


def test_it_listens_live(deepgram: DeepgramClient) -> None:
    with deepgram.listen.v1.connect(
        model="nova-3",
        language="en-US",
        encoding="linear16",
        sample_rate=16_000,
        channels=1,
        interim_results=True,
        smart_format=True,
        punctuate=True,
        vad_events=True,
        utterance_end_ms=1_000,
        endpointing=300,
        keyterm=["Dashwood", "Gregson"],
    ) as connection:
        for frame in frames():
            connection.send_media(frame)
        connection.send_keep_alive()
        connection.send_finalize()
        connection.send_close_stream()
        messages: list[Any] = list(connection)
    results = [each for each in messages if isinstance(each, ListenV1Results)]
    finals = [each for each in results if each.is_final]
    spoken = finals[0].channel.alternatives[0]
    assert (spoken.transcript, spoken.words[0].punctuated_word) == ("fake", "fake")
    assert any(each.from_finalize for each in finals)
    assert {each.type for each in messages} >= {"SpeechStarted", "Results"}
    assert isinstance(messages[-1], ListenV1Metadata)
    assert messages[-1].duration == pytest.approx(len(SPEECH) / 16_000, abs=0.01)


def test_it_transcribes_a_file(deepgram: DeepgramClient) -> None:
    found = deepgram.listen.v1.media.transcribe_file(
        request=wav_bytes(Audio(SPEECH, 16_000)),
        model="nova-3",
        smart_format=True,
        utterances=True,
    )
    assert isinstance(found, ListenV1Response)
    (alternative,) = found.results.channels[0].alternatives or []
    assert alternative.transcript == "fake"
    assert [each.transcript for each in found.results.utterances or []] == ["fake"]
    assert found.metadata.duration == pytest.approx(len(SPEECH) / 16_000, abs=0.01)


def test_an_error_is_the_sdks_own(deepgram: DeepgramClient) -> None:
    with pytest.raises(ApiError) as caught:
        deepgram.listen.v1.media.transcribe_url(url="http://127.0.0.1/call.wav")
    assert caught.value.status_code == 403
    assert set(caught.value.body) == {"err_code", "err_msg", "request_id"}
    with pytest.raises(ApiError) as caught:
        deepgram.listen.v1.media.transcribe_file(request=b"no audio at all")
    assert caught.value.status_code == 400


def test_it_speaks_over_http(deepgram: DeepgramClient) -> None:
    audio = deepgram.speak.v1.audio.generate(
        text="Hello over there.",
        model="aura-2-thalia-en",
        encoding="mp3",
    )
    with av.open(io.BytesIO(b"".join(audio))) as file:
        assert file.format.name == "mp3"
        frame = next(file.decode(audio=0))
        assert frame.samples > 0


def test_it_speaks_over_a_socket(deepgram: DeepgramClient) -> None:
    with deepgram.speak.v1.connect(
        model="aura-2-thalia-en", encoding="linear16", sample_rate=24_000
    ) as connection:
        connection.send_text(SpeakV1Text(text="Hello over there, my friend."))
        connection.send_flush()
        messages: list[Any] = []
        while not isinstance(message := connection.recv(), SpeakV1Flushed):
            messages.append(message)
        connection.send_close()
        assert list(connection) == []
    assert isinstance(messages[0], SpeakV1Metadata)
    audio = b"".join(messages[1:])
    assert len(audio) / 48_000 == pytest.approx(1.4, abs=0.5)


def test_it_follows_turns(deepgram: DeepgramClient) -> None:
    with deepgram.listen.v2.connect(
        model="flux-general-en",
        encoding="linear16",
        sample_rate=16_000,
        eager_eot_threshold=0.4,
        eot_threshold=0.7,
        keyterm=["Dashwood"],
    ) as connection:
        for frame in frames():
            connection.send_media(frame)
        connection.send_force_end_turn()
        connection.send_close_stream()
        messages: list[Any] = list(connection)
    assert isinstance(messages[0], ListenV2Connected)
    turns = [each for each in messages if isinstance(each, ListenV2TurnInfo)]
    changes = [each for each in turns if each.event != "Update"]
    events = [each.event for each in changes]
    assert (events[0], events[-1]) == ("StartOfTurn", "EndOfTurn")
    assert changes[-1].transcript == "fake"
    assert len(turns) > len(changes)
    assert [each.sequence_id for each in messages] == list(range(len(messages)))
