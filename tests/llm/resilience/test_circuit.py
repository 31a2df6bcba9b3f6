"""A server that keeps failing is left alone, and tried again after a while."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from common.errors import LlmUnavailable
from common.metrics import LLM_CIRCUIT_OPEN
from common.remote.failures import Refused, ServerBroke
from llm.resilience.circuit import Circuit, CircuitOpen
from llm.servers.ollama import OllamaEngine
from tests.clocks import StoppedClock
from tests.llm.helpers import ask, ollama, quick, started
from tests.servers import ollama as answers
from tests.servers.ollama import OllamaServer

BREAKER: dict[str, Any] = {
    "circuit_breaker_enabled": True,
    "circuit_breaker_fail_max": 3,
    "circuit_breaker_reset_timeout": 30.0,
    "ollama_retry_attempts": 0,
}


BROKEN = ServerBroke("answered 500")


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


def timed(
    url: str, clock: StoppedClock, **changes: Any
) -> contextlib.AbstractAsyncContextManager[OllamaEngine]:
    """An engine for the server at `url`, started, whose circuit reads this clock."""
    config = quick(ollama_url=url, **{**BREAKER, **changes})
    return started(OllamaEngine(config, clock=clock))


async def fail(engine: Any, times: int) -> str:
    """The last message."""
    message = ""
    for _ in range(times):
        with pytest.raises(LlmUnavailable) as raised:
            await ask(engine)
        message = raised.value.message
    return message


def open_circuits(url: str) -> list[float]:
    """The metric of this server."""
    (family,) = LLM_CIRCUIT_OPEN.collect()
    return [s.value for s in family.samples if url in s.labels["server"]]


async def test_it_opens_after_so_many_failures_in_a_row() -> None:
    with OllamaServer() as server:
        server.usual = answers.error(500, "broken")
        async with ollama(server.url, **BREAKER) as engine:
            assert "circuit breaker is closed" in await fail(engine, 2)
            assert "circuit breaker is open" in await fail(engine, 1)
            assert "was not asked" in await fail(engine, 1)
            assert open_circuits(server.url) == [1.0]
        assert len(server.chats) == 3


async def test_it_says_when_to_come_back(clock: StoppedClock) -> None:
    with OllamaServer() as server:
        server.usual = answers.error(500, "broken")
        async with timed(server.url, clock) as engine:
            await fail(engine, 3)
            with pytest.raises(LlmUnavailable) as raised:
                await ask(engine)
            assert raised.value.retry_after_seconds == 30
            clock.move_on(10)
            with pytest.raises(LlmUnavailable, match="next try is in 20 s"):
                await ask(engine)
            health = engine.health()
            assert not health.ok
            assert health.details["circuit"] == "open"


async def test_it_closes_when_the_trial_succeeds(clock: StoppedClock) -> None:
    with OllamaServer(*[answers.error(500, "broken")] * 3) as server:
        async with timed(server.url, clock) as engine:
            await fail(engine, 3)
            clock.move_on(30)
            assert await ask(engine) == "Hello there."
            assert engine.circuit.state == "closed"
            assert engine.health().ok


async def test_it_opens_anew_when_the_trial_fails(clock: StoppedClock) -> None:
    with OllamaServer(*[answers.error(500, "broken")] * 9) as server:
        async with timed(server.url, clock, ollama_retry_attempts=1) as engine:
            await fail(engine, 3)
            clock.move_on(30)
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


async def opened(clock: StoppedClock) -> Circuit:
    """A circuit that has just opened."""
    circuit = Circuit(lambda: "test", quick(**BREAKER), clock=clock)
    for _ in range(3):
        permit = await circuit.enter()
        await permit.failed(BROKEN)
        await permit.release()
    return circuit


async def test_it_stays_open_until_its_time_is_over(clock: StoppedClock) -> None:
    circuit = await opened(clock)
    clock.move_on(29.9)
    with pytest.raises(CircuitOpen):
        await circuit.enter()
    assert (circuit.state, round(circuit.seconds_left, 1)) == ("open", 0.1)
    clock.move_on(0.1)
    assert (circuit.state, circuit.blocks) == ("half-open", False)


async def test_it_lets_only_one_request_try(clock: StoppedClock) -> None:
    circuit = await opened(clock)
    clock.move_on(30)
    trial = await circuit.enter()
    with pytest.raises(CircuitOpen):
        await circuit.enter()
    await trial.succeeded()
    await trial.release()
    assert circuit.state == "closed"


async def test_it_lets_another_try_when_the_first_one_left(clock: StoppedClock) -> None:
    circuit = await opened(clock)
    clock.move_on(30)
    await (await circuit.enter()).release()
    assert circuit.state == "half-open"
    await (await circuit.enter()).succeeded()
    assert circuit.state == "closed"


async def test_it_takes_a_refusal_as_a_sign_of_life(clock: StoppedClock) -> None:
    circuit = await opened(clock)
    clock.move_on(30)
    await (await circuit.enter()).failed(Refused("has no such model"))
    assert circuit.state == "closed"


async def test_it_learns_nothing_from_a_request_of_before_it_opened(
    clock: StoppedClock,
) -> None:
    circuit = Circuit(lambda: "test", quick(**BREAKER), clock=clock)
    early, late, *others = [await circuit.enter() for _ in range(5)]
    for permit in others:
        await permit.failed(BROKEN)
    clock.move_on(10)
    await early.succeeded()
    await late.failed(BROKEN)
    assert (circuit.state, circuit.seconds_left) == ("open", 20)


async def test_an_open_circuit_waits_no_longer_when_the_clock_is_set_back(
    clock: StoppedClock,
) -> None:
    circuit = Circuit(lambda: "server", quick(**BREAKER), clock=clock)
    for _ in range(3):
        await (await circuit.enter()).failed(BROKEN)
    assert circuit.seconds_left == 30
    clock.move_on(-3_600)
    assert circuit.seconds_left == 30
    clock.move_on(31)
    assert circuit.state == "half-open"
