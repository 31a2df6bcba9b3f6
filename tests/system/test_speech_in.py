"""Speech streamed in real time through the real server comes back as its words."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from common.audio import Audio, read_wav, rms
from common.config import load_config
from common.models.files import find_whisper
from tests.clients import Heard, speak, transcribe_over_socket
from tests.server_process import RunningServer, running_server
from tests.word_errors import Recording, recordings, word_error_rate

pytestmark = [pytest.mark.model, pytest.mark.server]

SENTENCES = (
    "The quick brown fox jumps over the lazy dog near the river bank.",
    "Please remember to water the plants in the kitchen before you leave.",
    "The evening train took them from the city to the mountains.",
    "My brother has been learning to play the guitar since last summer.",
)
MOST_ERRORS_CLEAN = 0.05
MOST_ERRORS_NOISY = 0.10
SIGNAL_TO_NOISE = 10.0
MOST_POINTS_OVER_OFFLINE = 0.01
MODEL = "tiny.en"
"""For the recordings: whether live speech is as good as offline, any model shows."""
STREAMS = 4
LONGEST_SECONDS = 24.0


async def spoken(url: str, sentence: str) -> Audio:
    answer = await speak(url, text=sentence, llm=False, format="wav")
    assert answer.status == 200
    return read_wav(answer.body)


def with_noise(audio: Audio) -> Audio:
    noise = np.random.default_rng(0).standard_normal(len(audio.samples))
    loudness = rms(audio.samples) / SIGNAL_TO_NOISE**0.5 / 2
    return Audio((audio.samples + loudness * noise).astype(np.float32), audio.rate_hz)


async def stream_all(
    url: str, clips: list[Audio], at_once: int = STREAMS
) -> list[Heard]:
    gate = asyncio.Semaphore(at_once)

    async def one(audio: Audio) -> Heard:
        async with gate:
            return await transcribe_over_socket(url, audio, real_time=True)

    return await asyncio.gather(*map(one, clips))


@pytest.mark.parametrize(
    ("noisy", "most_errors"),
    [(False, MOST_ERRORS_CLEAN), (True, MOST_ERRORS_NOISY)],
    ids=["clean", "noisy"],
)
async def test_it_hears_what_piper_says(
    server: RunningServer, noisy: bool, most_errors: float
) -> None:
    clips = [await spoken(server.url, sentence) for sentence in SENTENCES]
    if noisy:
        clips = [with_noise(clip) for clip in clips]
    heard = await stream_all(server.url, clips)
    pairs = [(said, got.text) for said, got in zip(SENTENCES, heard, strict=True)]
    assert word_error_rate(pairs) <= most_errors, pairs
    for answer in heard:
        assert answer.close_code == 1000
        assert answer.events[0]["type"] == "ready"
        transcripts = answer.of("transcript")
        assert [event["keep_open"] for event in transcripts][-1] is False


async def test_it_writes_nothing_for_noise_and_silence(server: RunningServer) -> None:
    noise = np.random.default_rng(1).standard_normal(16_000 * 6) * 0.01
    clips = [
        Audio(np.zeros(16_000 * 6, np.float32), 16_000),
        Audio(noise.astype(np.float32), 16_000),
    ]
    heard = await stream_all(server.url, clips)
    assert [answer.text for answer in heard] == ["", ""]


def offline(clips: list[Recording]) -> list[str]:
    from faster_whisper import WhisperModel

    folder = find_whisper(MODEL, load_config({}).config)
    model = WhisperModel(str(folder), device="cpu", compute_type="int8")
    texts = []
    for clip in clips:
        segments, _ = model.transcribe(
            read_wav(clip.path).samples,
            language="en",
            beam_size=1,
            condition_on_previous_text=False,
        )
        texts.append("".join(segment.text for segment in segments))
    return texts


@pytest.mark.timeout(600)
@pytest.mark.skipif(
    not recordings(), reason="SPEECH_CORPUS names no folder of recordings"
)
async def test_it_is_as_accurate_on_real_recordings_as_offline_whisper() -> None:
    clips = [
        clip
        for clip in recordings()
        if clip.language == "en" and clip.reference and clip.seconds < LONGEST_SECONDS
    ][::3]
    with running_server(
        whisper_model_name=MODEL, whisper_lang="en", llm_backend="none"
    ) as server:
        audio = [read_wav(clip.path) for clip in clips]
        heard = await stream_all(server.url, audio, at_once=6)
    references = [clip.reference for clip in clips]
    live = word_error_rate(
        zip(references, (answer.text for answer in heard), strict=True)
    )
    bare = word_error_rate(zip(references, offline(clips), strict=True))
    assert live <= bare + MOST_POINTS_OVER_OFFLINE, f"live {live:.3f}, bare {bare:.3f}"


@pytest.mark.skipif(
    not recordings(), reason="SPEECH_CORPUS names no folder of recordings"
)
async def test_it_invents_no_words_on_real_noise(server: RunningServer) -> None:
    clips = [clip for clip in recordings() if clip.kind == "nonspeech"]
    heard = await stream_all(server.url, [read_wav(clip.path) for clip in clips])
    assert [answer.text for answer in heard] == [""] * len(clips)
