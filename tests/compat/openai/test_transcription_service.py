"""How the endpoint is served: when, how urgently, and what is kept and shown of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.testing import ApplicationCommunicator

from common.errors import EngineFailed
from common.metrics import HTTP_REQUESTS
from common.workers import Priority, Urgency
from tests.compat.openai.recordings import (
    SECONDS,
    TRANSCRIPTIONS,
    TRANSLATIONS,
    error,
    send,
    talk,
)
from tests.fake_services import FakeServices
from tests.fakes import FakeStt
from tests.waiting import until
from voiceproject.asgi import build_application

PATHS = (TRANSCRIPTIONS, TRANSLATIONS)


class UrgentStt(FakeStt):
    """Remembers how urgent each utterance was, and what was given up."""

    def __init__(self) -> None:
        super().__init__(["Hello there.", "Good bye."])
        self.urgencies: list[Urgency] = []
        self.begun = asyncio.Event()

    async def transcribe(self, request: Any, urgency: Urgency) -> Any:
        self.urgencies.append(urgency)
        self.begun.set()
        return await super().transcribe(request, urgency)


@pytest.fixture
def stt() -> UrgentStt:
    return UrgentStt()


@pytest.fixture
def post(application: Any, transactional_db: None) -> Callable[..., Any]:
    """Sends a form and leaves the answer open, as a client that may go away does."""

    async def begin(request_id: str = "r") -> ApplicationCommunicator:
        form = httpx.Request("POST", "http://localhost", files={"file": ("a", talk())})
        headers = [*form.headers.raw, (b"x-request-id", request_id.encode())]
        scope = {
            "type": "http",
            "method": "POST",
            "path": TRANSCRIPTIONS,
            "query_string": b"",
            "headers": [(name.lower(), value) for name, value in headers],
        }
        request = ApplicationCommunicator(application, scope)
        await request.send_input({"type": "http.request", "body": form.read()})
        return request

    return begin


# Whether


class TestOff:
    @pytest.fixture
    def changes(self) -> dict[str, Any]:
        return {"openai_api": False}

    @pytest.mark.parametrize("path", PATHS)
    async def test_it_can_be_switched_off(
        self, client: httpx.AsyncClient, path: str
    ) -> None:
        assert error(await send(client, path), 404)["code"] == "not_found"


@pytest.mark.parametrize("path", PATHS)
async def test_a_process_without_speech_to_text_says_so(
    make_services: Callable[..., FakeServices], path: str
) -> None:
    application = build_application(make_services(roles=["tts"]))
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:
        told = error(await send(client, path), 404)
    assert told["message"].startswith("This process has no speech to text")


class TestStrict:
    @pytest.fixture
    def changes(self) -> dict[str, Any]:
        return {"strict_model_names": True, "model_aliases": {"mine": "fake-whisper"}}

    @pytest.mark.parametrize("name", ["whisper-1", "fake-whisper", "mine", ""])
    async def test_a_known_model_is_taken(
        self, client: httpx.AsyncClient, name: str
    ) -> None:
        assert (await send(client, model=name)).status_code == 200

    async def test_an_unknown_one_is_not(self, client: httpx.AsyncClient) -> None:
        told = error(await send(client, model="whisper-2"), 404)
        assert (told["code"], told["param"]) == ("model_not_found", "model")


async def test_any_model_is_taken_otherwise(client: httpx.AsyncClient) -> None:
    assert (await send(client, model="Systran/faster-whisper-large")).status_code == 200


async def test_an_engine_that_fails_is_a_server_error_with_a_time_to_retry(
    client: httpx.AsyncClient, stt: UrgentStt
) -> None:
    stt._script[:] = [EngineFailed("It broke.", retry_after_seconds=7)]
    answer = await send(client)
    assert error(answer, 503)["type"] == "server_error"
    assert answer.headers["retry-after"] == "7"


# How urgently


@pytest.mark.parametrize(
    ("headers", "priority"),
    [
        ({}, Priority.FILE),
        ({"X-Priority": "file"}, Priority.FILE),
        ({"X-Priority": "final"}, Priority.FINAL),
        ({"X-Priority": "Live"}, Priority.FINAL),
        ({"X-Priority": "interim"}, Priority.INTERIM),
    ],
)
async def test_a_request_may_be_as_urgent_as_live_speech(
    client: httpx.AsyncClient,
    stt: UrgentStt,
    headers: dict[str, str],
    priority: Priority,
) -> None:
    await send(client, headers=headers)
    assert {each.priority for each in stt.urgencies} == {priority}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Priority", "now"),
        ("X-Request-Deadline", "soon"),
        ("X-Request-Deadline", "nan"),
        ("X-Request-Deadline", "inf"),
    ],
)
async def test_it_names_a_bad_header(
    client: httpx.AsyncClient, name: str, value: str
) -> None:
    assert error(await send(client, headers={name: value}))["param"] == name


@pytest.mark.parametrize("stream", ["false", "true"])
@pytest.mark.parametrize("left", ["0.2", "0", "-1"])
async def test_a_request_past_its_deadline_is_given_up(
    client: httpx.AsyncClient, stt: UrgentStt, left: str, stream: str
) -> None:
    stt._seconds = 60
    answer = await send(client, headers={"X-Request-Deadline": left}, stream=stream)
    if answer.status_code == 200:  # the stream had begun
        assert '"code": "overloaded"' in answer.text
    else:
        assert error(answer, 503)["code"] == "overloaded"
    assert all(each.given_up for each in stt.urgencies)


async def test_a_request_in_time_is_answered(client: httpx.AsyncClient) -> None:
    answer = await send(client, headers={"X-Request-Deadline": "30.5"})
    assert answer.status_code == 200


async def test_the_work_ends_when_the_client_is_gone(
    post: Callable[..., Any],
    stt: UrgentStt,
    services: FakeServices,
    settings: Any,
    tmp_path: Path,
) -> None:
    stt._seconds = 60
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    request = await post()
    await asyncio.wait_for(stt.begun.wait(), 5)
    assert len(stored(tmp_path)) == 1
    await request.send_input({"type": "http.disconnect"})
    await request.wait(5)
    assert all(each.given_up for each in stt.urgencies)
    assert services.listening.files.now() == []
    assert stored(tmp_path) == []
    assert [each.status for each in services.history.records] == ["cancelled"]


def stored(folder: Path) -> list[Path]:
    return list(folder.iterdir())


# What is kept and shown


async def test_the_history_has_one_record_of_a_recording(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    answer = await send(client, headers={"X-Request-ID": "r-17"})
    assert answer.headers["x-request-id"] == "r-17"
    (record,) = services.history.records
    assert (record.request_id, record.status) == ("r-17", "ok")
    assert (record.text, record.language) == ("Hello there. Good bye.", "en")
    assert (record.principal, record.client) == ("anonymous", "127.0.0.1")


async def test_requests_are_counted(client: httpx.AsyncClient) -> None:
    counter = HTTP_REQUESTS.labels("POST", TRANSCRIPTIONS, "200", "anonymous")
    before = counter._value.get()
    await send(client)
    assert counter._value.get() == before + 1


async def test_the_monitor_shows_how_far_a_recording_is(
    post: Callable[..., Any],
    stt: UrgentStt,
    services: FakeServices,
) -> None:
    stt._seconds = 60
    request = await post(request_id="r-18")
    await asyncio.wait_for(stt.begun.wait(), 5)
    await until(lambda: services.listening.files.now()[0].audio_seconds is not None)
    (file,) = services.monitor.snapshot().files
    assert (file.request_id, file.principal) == ("r-18", "anonymous")
    assert (file.audio_seconds, file.done_seconds) == (SECONDS, 0.0)
    await request.send_input({"type": "http.disconnect"})
    await request.wait(5)
    assert services.monitor.snapshot().files == []
