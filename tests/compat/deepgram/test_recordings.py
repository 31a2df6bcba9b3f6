"""`POST /v1/listen`: recordings in any format, URLs, and bad input."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from deepgram.types.listen_v1response import ListenV1Response

from common.audio import Audio, wav_bytes
from common.errors import EngineFailed
from gateway_app.history.records import TranscriptRecord
from tests.compat.deepgram.sockets import application_client, hearing
from tests.fake_services import FakeServices
from tests.servers.http import Behaviour, Reply, Request, ScriptedServer
from tests.stt.recordings import recorded
from tests.stt.sounds import pcm, sound

WAV = wav_bytes(Audio(sound(-0.5, 1, -1, 1, -1), 16_000))
SCRIPT = ("Hello, there.", "How are you?")


@pytest.fixture
def services() -> FakeServices:
    return hearing(SCRIPT)


async def listen(
    client: httpx.AsyncClient,
    body: Any = WAV,
    content_type: str = "audio/wav",
    **query: Any,
) -> httpx.Response:
    headers = {"Content-Type": content_type}
    return await client.post("/v1/listen", params=query, content=body, headers=headers)


def parsed(answer: httpx.Response) -> ListenV1Response:
    """The response as the SDK reads it."""
    assert answer.status_code == 200, answer.text
    return ListenV1Response.model_validate(answer.json())


def refused(answer: httpx.Response, status: int) -> str:
    """The sentence of an error in Deepgram's shape."""
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"err_code", "err_msg", "request_id"}
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    sentence: str = answer.json()["err_msg"]
    return sentence


async def test_it_transcribes_a_recording_with_words(client: httpx.AsyncClient) -> None:
    answer = await listen(client, model="nova-3", smart_format="true")
    found = parsed(answer)
    (channel,) = found.results.channels
    assert channel.alternatives is not None
    (alternative,) = channel.alternatives
    assert alternative.transcript == "Hello, there. How are you?"
    assert alternative.confidence == 0.9
    words = alternative.words or []
    assert [each.word for each in words] == ["hello", "there", "how", "are", "you"]
    starts = [each.start or 0 for each in words]
    assert starts == sorted(starts)
    assert (channel.detected_language, found.results.utterances) == (None, None)
    metadata = found.metadata
    assert metadata.duration == pytest.approx(4.5, abs=0.01)
    assert metadata.sha256 == hashlib.sha256(WAV).hexdigest()
    assert metadata.request_id == answer.headers["x-request-id"]
    assert list(metadata.model_info) == metadata.models


async def test_it_returns_the_utterances_when_asked(client: httpx.AsyncClient) -> None:
    found = parsed(await listen(client, utterances="true", detect_language="true"))
    utterances = found.results.utterances or []
    assert [each.transcript for each in utterances] == list(SCRIPT)
    assert [len(each.words or ()) for each in utterances] == [2, 3]
    assert utterances[0].start == pytest.approx(0.2, abs=0.1)
    assert (utterances[1].start or 0) > (utterances[0].end or 0)
    assert len({each.id for each in utterances}) == 2
    assert found.results.channels[0].detected_language == "en"


async def test_silence_has_an_empty_transcript(client: httpx.AsyncClient) -> None:
    found = parsed(await listen(client, wav_bytes(Audio(sound(-2), 16_000))))
    (alternative,) = found.results.channels[0].alternatives or []
    assert (alternative.transcript, alternative.words) == ("", [])
    assert found.metadata.duration == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize(
    ("body", "content_type", "query"),
    [
        (recorded(sound(1, rate_hz=48_000), "webm"), "audio/webm", {}),
        (WAV, "application/octet-stream", {}),
        (WAV, "audio/wav", {"encoding": "linear16", "sample_rate": 16_000}),
        (pcm(1), "audio/raw", {"encoding": "linear16", "sample_rate": 16_000}),
        (
            pcm(1, rate_hz=8_000) * 2,
            "audio/l16",
            {"encoding": "linear16", "sample_rate": 8_000},
        ),
        (b"\x80\x00" * 8_000, "audio/basic", {"encoding": "mulaw"}),
        (
            b"\x80\x00" * 8_000,
            "audio/basic",
            {"encoding": "alaw", "sample_rate": 16_000},
        ),
    ],
)
async def test_it_reads_containers_and_raw_audio(
    body: bytes, content_type: str, query: dict[str, Any], client: httpx.AsyncClient
) -> None:
    found = parsed(await listen(client, body, content_type, **query))
    assert (found.results.channels[0].alternatives or [])[0].transcript
    assert found.metadata.sha256 == hashlib.sha256(body).hexdigest()


async def test_it_takes_a_body_that_comes_in_pieces(client: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(WAV), 10_000):
            yield WAV[start : start + 10_000]

    assert parsed(await listen(client, pieces())).metadata.duration > 4


async def test_it_is_one_record_of_the_history(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    answer = await listen(client)
    (record,) = services.history.records
    assert isinstance(record, TranscriptRecord)
    assert (record.text, record.status) == ("Hello, there. How are you?", "ok")
    assert record.request_id == answer.headers["x-request-id"]


async def test_language_and_key_terms_reach_the_engine(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    await listen(client, language="de-CH", keyterm=["Dashwood", "Gregson"])
    heard = services.stt.heard[0]
    assert (heard.language, heard.hotwords) == ("de", "Dashwood, Gregson")
    assert heard.word_timestamps


@pytest.mark.parametrize(
    ("body", "query", "status", "sentence"),
    [
        (b"", {}, 400, "needs a recording"),
        (b"hello world, this is no audio", {}, 400, "The file is not audio or video"),
        (WAV[:40], {}, 400, ""),
        (WAV, {"language": "klingon"}, 400, "language"),
        (WAV, {"encoding": "speex"}, 400, "encoding"),
        (WAV, {"encoding": "linear16"}, 400, "sample_rate"),
        (WAV, {"callback": "https://example.org"}, 400, "callback"),
        (WAV, {"redact": "pci"}, 400, "redact"),
        (WAV, {"utterances": "perhaps"}, 400, "utterances"),
    ],
)
async def test_it_explains_bad_requests(
    body: bytes,
    query: dict[str, Any],
    status: int,
    sentence: str,
    client: httpx.AsyncClient,
) -> None:
    assert sentence in refused(await listen(client, body, **query), status)


async def test_it_refuses_a_body_over_the_limit(transactional_db: None) -> None:
    services = hearing(upload_max_mb=1)
    async with application_client(services) as client:
        answer = await listen(client, bytes(1_100_000))
        assert "at most 1 MB" in refused(answer, 413)


async def test_the_engines_failure_is_an_error(transactional_db: None) -> None:
    async with application_client(hearing([EngineFailed("It broke.")])) as client:
        answer = await listen(client)
        assert refused(answer, 503) == "It broke."
        assert answer.json()["err_code"] == "SERVICE_UNAVAILABLE"


async def test_urls_are_refused_unless_they_are_allowed(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/v1/listen", json={"url": "http://127.0.0.1/a.wav"})
    assert "deepgram_allow_urls" in refused(answer, 403)


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({}, 400, "`url` must be"),
        ([], 400, "`url` must be"),
        ({"url": 3}, 400, "`url` must be"),
        ({"url": "file:///etc/passwd"}, 400, "`url` must be"),
        ({"url": "http://127.0.0.1:1/a.wav"}, 400, "could not be fetched"),
        ({"url": "http://"}, 400, "could not be fetched"),
        ({"url": "x" * 20_000}, 413, "at most"),
    ],
)
async def test_it_explains_a_bad_url(
    body: Any, status: int, sentence: str, transactional_db: None
) -> None:
    async with application_client(hearing(deepgram_allow_urls=True)) as client:
        answer = await client.post("/v1/listen", json=body)
        assert sentence in refused(answer, status)


class Recordings(ScriptedServer):
    """Serves a recording, one that is too large, and nothing else."""

    def route(self, request: Request) -> Behaviour:
        async def answer(request: Request, reply: Reply) -> None:
            if request.path == "/call.wav":
                await reply.whole(200, "audio/wav", WAV)
            elif request.path == "/large.wav":
                await reply.whole(200, "audio/wav", bytes(1_100_000))
            else:
                await reply.whole(404, "text/plain", b"Nothing here.")

        return answer


async def test_it_fetches_a_recording_when_that_is_allowed(
    transactional_db: None,
) -> None:
    services = hearing(SCRIPT, deepgram_allow_urls=True, upload_max_mb=1)
    with Recordings() as server:
        async with application_client(services) as client:
            url = f"{server.url}/call.wav"
            found = parsed(await client.post("/v1/listen", json={"url": url}))
            assert found.metadata.sha256 == hashlib.sha256(WAV).hexdigest()
            for path, status in (("/large.wav", 413), ("/gone.wav", 400)):
                body = {"url": f"{server.url}{path}"}
                refused(await client.post("/v1/listen", json=body), status)
