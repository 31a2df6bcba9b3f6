"""What a `/tts` request may say about the language model's answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from llm.engine import ReplyOptions
from tests.fake_services import FakeServices


@pytest.fixture
def services(make_services: Callable[..., FakeServices]) -> FakeServices:
    return make_services(llm_models=["qwen3:1b"])


@pytest.mark.parametrize("model", ["llama3.2", "llama3.2:latest", "qwen3:1b"])
async def test_a_request_may_name_a_model_that_is_configured_or_allowed(
    client: httpx.AsyncClient, model: str
) -> None:
    answer = await client.post("/tts", json={"text": "Hello?", "model": model})
    assert answer.status_code == 200


async def test_no_caller_can_make_the_server_load_another_model(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    body = {"text": "Hello?", "model": "llama3.1:405b"}
    error = (await client.post("/tts", json=body)).json()["error"]
    assert (error["code"], error["field"]) == ("bad_value", "model")
    assert "`qwen3:1b`" in error["message"]
    assert "`llm_models`" in error["message"]
    assert services.llm.asked == []


async def test_it_hands_the_options_to_the_model(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    body = {
        "text": "Hello?",
        "model": "qwen3:1b",
        "max_tokens": 50,
        "temperature": 0.2,
        "top_p": 0.9,
        "seed": 7,
    }
    answer = await client.post("/tts", json=body)
    assert answer.status_code == 200
    assert services.llm.options == [ReplyOptions("qwen3:1b", 50, 0.2, 0.9, 7)]
    assert services.history.records[-1].model == "qwen3:1b"


async def test_it_leaves_all_options_to_the_configuration_when_none_is_given(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    await client.post("/tts", json={"text": "Hello?"})
    assert services.llm.options == [ReplyOptions()]
    assert services.history.records[-1].model == "fake-llm"


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("temperature", -0.1, "greater than or equal to 0"),
        ("temperature", 2.1, "less than or equal to 2"),
        ("temperature", "hot", "valid number"),
        ("top_p", 0, "greater than 0"),
        ("top_p", 1.01, "less than or equal to 1"),
        ("max_tokens", 0, "greater than or equal to 1"),
        ("max_tokens", 1.5, "valid integer"),
        ("max_tokens", 301, "at most 300 are allowed (`llm_max_tokens`)"),
        ("seed", -1, "greater than or equal to 0"),
        ("seed", 2**31, "less than or equal to 2147483647"),
        ("model", "", "at least 1 character"),
        ("model", "a\nb", "may not contain control characters"),
    ],
)
async def test_it_says_which_values_are_allowed(
    client: httpx.AsyncClient,
    services: FakeServices,
    field: str,
    value: Any,
    allowed: str,
) -> None:
    answer = await client.post("/tts", json={"text": "Hello?", field: value})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["field"] == field
    assert allowed in error["message"]
    assert not services.llm.asked
