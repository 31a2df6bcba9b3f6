"""A server that keeps failing is left alone, and tried again after a while."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import LlmUnavailable
from llm.resilience.circuit import Circuit, CircuitOpen
from llm.resilience.failures import Refused, ServerBroke
from tests.llm.helpers import ask, ollama, quick, until
from tests.servers import ollama as answers
from tests.servers.ollama import OllamaServer

BREAKER: dict[str, Any] = {
    "circuit_breaker_enabled": True,
    "circuit_breaker_fail_max": 3,
    "circuit_breaker_reset_timeout": 0.2,
    "ollama_retry_attempts": 0,
}


async def fail(engine: Any, times: int) -> str:
    """The last message."""
    message = ""
    for _ in range(times):
        with pytest.raises(LlmUnavailable) as raised:
            await ask(engine)
        message = raised.value.message
    return message


async def test_it_opens_after_so_many_failures_in_a_row() -> None:
    with OllamaServer() as server:
        server.usual = answers.error(500, "broken")
        limits = {**BREAKER, "circuit_breaker_reset_timeout": 30.0}
        async with ollama(server.url, **limits) as engine:
            assert "circuit breaker is closed" in await fail(engine, 2)
            assert "circuit breaker is open" in await fail(engine, 1)
            assert "was not asked" in await fail(engine, 1)
        assert len(server.chats) == 3


async def test_it_says_when_to_come_back() -> None:
    with OllamaServer() as server:
        server.usual = answers.error(500, "broken")
        limits = {**BREAKER, "circuit_breaker_reset_timeout": 30.0}
        async with ollama(server.url, **limits) as engine:
            await fail(engine, 3)
            with pytest.raises(LlmUnavailable) as raised:
                await ask(engine)
            assert 25 < (raised.value.retry_after_seconds or 0) <= 30
            health = engine.health()
            assert not health.ok
            assert health.details["circuit"] == "open"


async def test_it_closes_when_the_trial_succeeds() -> None:
    with OllamaServer(*[answers.error(500, "broken")] * 3) as server:
        async with ollama(server.url, **BREAKER) as engine:
            await fail(engine, 3)
            await until(lambda: not engine.circuit.blocks)
            assert await ask(engine) == "Hello there."
            assert engine.circuit.state == "closed"
            assert engine.health().ok


async def test_it_opens_anew_when_the_trial_fails() -> None:
    with OllamaServer(*[answers.error(500, "broken")] * 9) as server:
        limits = {**BREAKER, "ollama_retry_attempts": 1}
        async with ollama(server.url, **limits) as engine:
            await fail(engine, 3)
            await until(lambda: not engine.circuit.blocks)
            assert "asked once" in await fail(engine, 1)
            assert engine.circuit.state == "open"


async def test_it_starts_counting_anew_after_a_success() -> None:
    broken, fine = answers.error(500, "broken"), answers.answer("Yes.")
    with OllamaServer(broken, broken, fine, broken, broken) as server:
        async with ollama(server.url, **BREAKER) as engine:
            await fail(engine, 2)
            await ask(engine)
            await fail(engine, 2)
            assert engine.circuit.state == "closed"


async def test_it_does_not_count_a_missing_model() -> None:
    with OllamaServer(models=[]) as server:
        async with ollama(server.url, **BREAKER) as engine:
            await fail(engine, 5)
            assert engine.circuit.state == "closed"


async def test_it_does_not_count_a_listener_who_leaves() -> None:
    with OllamaServer() as server:
        server.usual = answers.endless()
        async with ollama(server.url, **BREAKER) as engine:
            for _ in range(5):
                pieces = engine.reply([])
                await anext(pieces)
                await pieces.aclose()
            assert engine.circuit.state == "closed"


async def test_it_can_be_turned_off() -> None:
    with OllamaServer() as server:
        server.usual = answers.error(500, "broken")
        limits = {**BREAKER, "circuit_breaker_enabled": False}
        async with ollama(server.url, **limits) as engine:
            assert "circuit breaker is off" in await fail(engine, 6)
        assert len(server.chats) == 6


async def opened() -> Circuit:
    limits = {**BREAKER, "circuit_breaker_reset_timeout": 0.01}
    circuit = Circuit(lambda: "test", quick(**limits))
    for _ in range(3):
        passage = await circuit.enter()
        await passage.failed(ServerBroke("answered 500"))
        await passage.left()
    return circuit


async def test_it_lets_only_one_request_try() -> None:
    circuit = await opened()
    await until(lambda: not circuit.blocks)
    trial = await circuit.enter()
    with pytest.raises(CircuitOpen):
        await circuit.enter()
    await trial.succeeded()
    await trial.left()
    assert circuit.state == "closed"


async def test_it_lets_another_try_when_the_first_one_left() -> None:
    circuit = await opened()
    await until(lambda: not circuit.blocks)
    await (await circuit.enter()).left()
    assert circuit.state == "half-open"
    await (await circuit.enter()).succeeded()
    assert circuit.state == "closed"


async def test_it_takes_a_refusal_as_a_sign_of_life() -> None:
    circuit = await opened()
    await until(lambda: not circuit.blocks)
    await (await circuit.enter()).failed(Refused("has no such model"))
    assert circuit.state == "closed"
