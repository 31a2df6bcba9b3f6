"""Every HTTP operation answers what its schema says, whatever comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import given, strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from tests.fake_services import fake_services
from tests.fuzz.profiles import examples
from voiceproject.api import api
from voiceproject.asgi import build_application

load_all_checks()
schemathesis.openapi.media_type("audio/*", st.binary(max_size=200))
SCHEMA = schemathesis.openapi.from_dict(api.get_openapi_schema())
OPERATIONS = {each.ok().label: each.ok() for each in SCHEMA.get_all_operations()}
CHECKED: list[Any] = CHECKS.get_by_names(
    [
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)

Ask = Callable[[Case], httpx.Response]


def _prepared(case: Case) -> Any:
    """The request with its body as bytes."""
    plain = case.as_transport_kwargs(base_url="http://localhost")
    return requests.Request(**plain).prepare()


@pytest.fixture
def ask(transactional_db: None) -> Iterator[Ask]:
    """Sends a case to the real application without a network."""
    loop = asyncio.new_event_loop()
    transport = httpx.ASGITransport(
        build_application(fake_services(engine_isolation="thread"))
    )
    client = httpx.AsyncClient(transport=transport, base_url="http://localhost")

    def ask(case: Case) -> httpx.Response:
        sent = _prepared(case)
        answering = client.request(
            sent.method, sent.url, headers=dict(sent.headers), content=sent.body
        )
        answer = loop.run_until_complete(asyncio.wait_for(answering, 20))
        answer.request.read()
        return answer

    yield ask
    loop.run_until_complete(client.aclose())
    loop.close()


@pytest.mark.parametrize("label", OPERATIONS)
def test_it_answers_as_its_schema_says(label: str, ask: Ask, caplog: Any) -> None:
    operation = OPERATIONS[label]

    @examples(40)
    @given(st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in MODES)))
    def answers(case: Case) -> None:
        caplog.clear()
        answer = ask(case)
        assert answer.status_code < 500, answer.text
        assert not [record for record in caplog.records if record.exc_info]
        # The schema of a stream of events is that of its text, not of one event.
        streams = answer.headers.get("Content-Type", "").startswith("text/event-stream")
        case.validate_response(answer, checks=CHECKED[:-1] if streams else CHECKED)

    answers()


def test_it_knows_every_operation() -> None:
    assert {"POST /tts", "POST /v1/audio/transcriptions", "GET /voices"} <= set(
        OPERATIONS
    )
