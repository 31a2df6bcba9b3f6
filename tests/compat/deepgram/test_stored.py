"""Recordings on their way to disk, and what becomes of their events."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from common.audio import read_wav
from common.errors import BadRequest, TooLarge
from compat_app.deepgram.listen.query import FileQuery
from compat_app.deepgram.listen.recorded import Transcription
from compat_app.deepgram.listen.stored import StoredRecording
from compat_app.deepgram.wav import WavFormat
from stt_app.core.events import Progress, SpokenWord, UtteranceTranscribed
from stt_app.core.files.file_transcriber import FileDuration, FileEvent
from tests.stt.sounds import pcm

SECOND = 16_000


class Body(io.BytesIO):
    """A body that remembers how much was read at once."""

    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None and size > 0, "never the whole body"
        self.largest = max(self.largest, size)
        return super().read(size)


async def test_a_body_is_copied_in_pieces_and_deleted_afterwards() -> None:
    body = Body(bytes(range(256)) * 4_000)
    with StoredRecording(10_000_000) as stored:
        await stored.take(body)
        assert stored.path.read_bytes() == body.getvalue()
        assert stored.sha256 == hashlib.sha256(body.getvalue()).hexdigest()
    assert not stored.path.exists()
    assert body.largest <= 64 * 1024


async def test_a_body_over_the_limit_is_not_stored_whole() -> None:
    body = Body(bytes(1_000_000))
    with StoredRecording(100_000) as stored:
        with pytest.raises(TooLarge, match=r"at most 0.1 MB"):
            await stored.take(body)
        assert stored.path.stat().st_size <= 100_000
    assert body.tell() < 200_000
    assert not stored.path.exists()


async def test_raw_audio_becomes_a_wav() -> None:
    with StoredRecording(10_000_000, WavFormat("pcm_s16le", 2, 8_000)) as stored:
        await stored.take(Body(pcm(1)))
        audio = read_wav(stored.path)
    assert (audio.rate_hz, audio.seconds) == (8_000, 1.0)
    assert stored.sha256 == hashlib.sha256(pcm(1)).hexdigest()


class BrokenBody:
    def read(self, size: int, /) -> bytes:
        raise OSError("the client is gone")


@pytest.mark.parametrize(
    ("body", "sentence"), [(Body(b""), "needs a recording"), (BrokenBody(), "be read")]
)
async def test_a_body_without_a_recording_is_refused(body: Any, sentence: str) -> None:
    with (
        StoredRecording(1_000) as stored,
        pytest.raises(BadRequest, match=sentence),
    ):
        await stored.take(body)


async def events(*given: FileEvent) -> AsyncIterator[FileEvent]:
    for event in given:
        yield event


def utterance(
    number: int, start: float, end: float, text: str, language: str, confidence: float
) -> UtteranceTranscribed:
    words = (SpokenWord(text, start, end, confidence),)
    at = (round(start * SECOND), round(end * SECOND))
    return UtteranceTranscribed(
        number, *at, text, language, 1.0, confidence, "base", words
    )


async def test_the_language_is_the_one_that_is_spoken_longest() -> None:
    found = await Transcription.of(
        events(
            FileDuration(9.5),
            utterance(1, 0, 1, "Yes.", "en", 0.5),
            utterance(2, 2, 5, "Jawohl.", "de", 0.9),
            utterance(3, 6, 7, "Right.", "en", 0.5),
            Progress(8.0),
        )
    )
    query = FileQuery.model_validate({"detect_language": True})
    response = found.response(query, request_id="a", sha256="b", model="tiny")
    (channel,) = response.results.channels
    assert channel.detected_language == "de"
    (alternative,) = channel.alternatives
    assert alternative.transcript == "Yes. Jawohl. Right."
    assert alternative.confidence == pytest.approx((0.5 + 2.7 + 0.5) / 5, abs=1e-4)
    assert [each.word for each in alternative.words] == ["yes", "jawohl", "right"]
    assert response.metadata.duration == 9.5
    assert response.results.utterances is None


async def test_silence_names_the_default_model() -> None:
    found = await Transcription.of(events(Progress(3.0)))
    response = found.response(FileQuery(), request_id="a", sha256="b", model="tiny")
    (model,) = response.metadata.model_info.values()
    assert model.name == "tiny"
    assert response.metadata.duration == 3.0
    assert response.results.channels[0].detected_language is None
