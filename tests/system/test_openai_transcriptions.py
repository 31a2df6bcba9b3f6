"""The openai package against the real server: speech comes back as its words."""

from __future__ import annotations

import httpx
import openai
import pytest

from tests.server_process import RunningServer

pytestmark = [pytest.mark.model, pytest.mark.server]

SENTENCE = "The quick brown fox jumps over the lazy dog near the river bank."


@pytest.fixture(scope="module")
def recording(server: RunningServer) -> bytes:
    wish = {"text": SENTENCE, "llm": False, "format": "mp3"}
    answer = httpx.post(f"{server.url}/tts", json=wish, timeout=60)
    return answer.raise_for_status().content


def test_a_recording_comes_back_as_its_words(
    server: RunningServer, recording: bytes
) -> None:
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", timeout=60)
    found = client.audio.transcriptions.create(
        model="whisper-1",
        file=("fox.mp3", recording),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    said = SENTENCE.lower().rstrip(".").split()
    words = found.words or []
    assert [each.word.lower().strip(".,") for each in words] == said
    starts = [each.start for each in words]
    assert starts == sorted(starts)
    assert 0 < words[-1].end <= found.duration
    assert found.language == "english"
    segments = found.segments or []
    assert "".join(each.text for each in segments).strip() == found.text
    for segment in segments:
        assert segment.tokens
        assert -1 < segment.avg_logprob < 0
        assert 0.5 < segment.compression_ratio < 2.4
        assert 0 <= segment.no_speech_prob < 0.5
        assert segment.temperature == 0
    events = client.audio.transcriptions.create(
        model="gpt-4o-transcribe", file=("fox.mp3", recording), stream=True
    )
    *deltas, done = list(events)
    assert done.type == "transcript.text.done"
    assert done.usage is not None
    assert done.usage.output_tokens > len(said)
    heard = "".join(each.delta for each in deltas if each.type.endswith("delta"))
    assert heard == done.text == found.text
