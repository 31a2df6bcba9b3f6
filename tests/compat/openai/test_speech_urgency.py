"""`X-Priority` on `POST /v1/audio/speech`: which answers begin first."""

from __future__ import annotations

import httpx
import pytest

from common.workers import Priority
from tests.compat.openai.recordings import error
from tests.fake_services import FakeServices

BODY = {"input": "Hello over there. And good bye to you all."}
HEADER = "X-Priority"


@pytest.mark.parametrize(
    ("headers", "priority"),
    [
        ({}, Priority.FIRST_CLAUSE),
        ({HEADER: "first_clause"}, Priority.FIRST_CLAUSE),
        ({HEADER: "Later_Clause"}, Priority.LATER_CLAUSE),
        ({HEADER: "speculative"}, Priority.SPECULATIVE),
    ],
)
async def test_it_says_how_urgent_the_first_clause_is(
    client: httpx.AsyncClient,
    services: FakeServices,
    headers: dict[str, str],
    priority: Priority,
) -> None:
    answer = await client.post("/v1/audio/speech", json=BODY, headers=headers)
    assert answer.status_code == 200
    assert services.tts.urgencies[0].priority is priority


async def test_it_names_a_bad_header(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/audio/speech", json=BODY, headers={HEADER: "now"})
    told = error(answer)
    assert told["param"] == HEADER
    assert "`later_clause`" in told["message"]
