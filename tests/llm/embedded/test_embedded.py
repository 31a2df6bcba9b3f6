"""The embedded model's process: warm, private, replaced when it dies, never left behind."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import httpx
import psutil
import pytest

from common.engine import PartState
from common.errors import BadValue, EngineFailed, LlmUnavailable, TooLarge
from llm.embedded.child import Child
from llm.embedded.engine import EmbeddedEngine
from llm.engine import ChatMessage, Finished, ReplyOptions, text_deltas
from tests.contracts.llm import WEATHER
from tests.llm.helpers import QUESTION, ask, quick, started
from tests.waiting import until

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def engine(_engine_loop: asyncio.AbstractEventLoop) -> Iterator[EmbeddedEngine]:
    """For tests that leave its process as it is."""
    running = EmbeddedEngine(quick(ollama_timeout=90))
    _engine_loop.run_until_complete(running.start())
    yield running
    _engine_loop.run_until_complete(running.stop())


@pytest.fixture
async def fresh() -> AsyncIterator[EmbeddedEngine]:
    """For one test alone."""
    async with started(EmbeddedEngine(quick(ollama_timeout=90))) as running:
        yield running


async def first_token_seconds(engine: EmbeddedEngine, text: str) -> float:
    return await first_piece_seconds(engine, [QUESTION[0], ChatMessage("user", text)])


async def first_piece_seconds(
    engine: EmbeddedEngine, question: list[ChatMessage]
) -> float:
    began = time.monotonic()
    async with aclosing(engine.reply(question)) as pieces:
        await anext(pieces)
        return time.monotonic() - began


async def test_its_first_answer_is_as_quick_as_its_tenth() -> None:
    found = []
    for _ in range(3):  # a busy machine may hold up the first answer of one
        async with started(EmbeddedEngine(quick(ollama_timeout=90))) as engine:
            asked = [f"Name {number} fruits." for number in range(10)]
            first, *later = [await first_token_seconds(engine, each) for each in asked]
        found.append((first, max(later)))
        if first < 3 * max(later):
            return
    pytest.fail(f"the first answers took longer than later ones: {found}")


async def test_it_frees_the_model_when_the_listener_leaves(
    engine: EmbeddedEngine,
) -> None:
    question = [ChatMessage("user", "Tell me a very long story about a ship.")]
    began = time.monotonic()
    assert [piece async for piece in text_deltas(engine.reply(question))]
    whole_seconds = time.monotonic() - began
    began = time.monotonic()
    for _ in range(4):
        await first_token_seconds(engine, question[0].content)
    assert time.monotonic() - began < 2 * whole_seconds


async def test_it_refuses_everybody_without_its_key(engine: EmbeddedEngine) -> None:
    url = engine.health().details["url"]
    assert url.startswith("http://127.0.0.1:")
    async with httpx.AsyncClient(trust_env=False) as client:
        body = {"messages": [{"role": "user", "content": "Hi"}]}
        for path in ("/chat/completions", "/completions"):
            assert (await client.post(url + path, json=body)).status_code == 401
        root = url.removesuffix("/v1")
        for path in ("/", "/slots", "/props", "/metrics"):
            assert (await client.get(root + path)).status_code in (401, 404)


async def test_it_replaces_a_killed_process_at_once_and_says_so(
    fresh: EmbeddedEngine,
) -> None:
    (killed,) = fresh.stats().processes
    psutil.Process(killed).kill()
    assert await ask(fresh)
    health = fresh.health()
    assert health.ok
    assert health.details["restarts"] == 1
    assert health.details["pid"] != killed


async def test_it_shows_that_it_is_being_replaced(fresh: EmbeddedEngine) -> None:
    psutil.Process(fresh.stats().processes[0]).kill()
    await until(lambda: fresh.health().state is PartState.LOADING)
    assert "being restarted" in fresh.health().summary
    await until(lambda: fresh.health().ok)


async def test_it_raises_when_it_is_killed_in_mid_sentence(
    fresh: EmbeddedEngine,
) -> None:
    with pytest.raises(LlmUnavailable, match="middle of the answer"):
        async for _ in fresh.reply([ChatMessage("user", "Count to one thousand.")]):
            if fresh.stats().processes and fresh.health().details["restarts"] == 0:
                psutil.Process(fresh.stats().processes[0]).kill()


async def test_it_replaces_a_process_that_hangs() -> None:
    config = quick(ollama_timeout=20, llm_check_seconds=0.1)
    async with started(EmbeddedEngine(config)) as engine:
        psutil.Process(engine.stats().processes[0]).suspend()
        await until(lambda: engine.health().details["restarts"] == 1)
        await until(lambda: engine.health().ok)
        assert await ask(engine)


async def test_it_says_that_a_question_is_too_long(engine: EmbeddedEngine) -> None:
    with pytest.raises(TooLarge, match="context holds 2048"):
        async for _ in engine.reply([ChatMessage("user", "word " * 9_000)]):
            pass


async def test_it_leaves_out_old_turns_of_a_long_conversation(
    engine: EmbeddedEngine,
) -> None:
    turns = []
    for number in range(6):
        turns.append(ChatMessage("user", f"Question {number}: " + "word " * 300))
        turns.append(ChatMessage("assistant", "word " * 300))
    question = [QUESTION[0], *turns, ChatMessage("user", "Say hello.")]
    answer = text_deltas(engine.reply(question, ReplyOptions(max_tokens=1_500)))
    async with aclosing(answer):
        assert await anext(answer)


async def test_it_counts_tokens_as_the_model_does(engine: EmbeddedEngine) -> None:
    assert await engine._count_tokens("") == 0
    assert 2 <= await engine._count_tokens("Hello world") <= 3
    for _ in range(2):  # the second time from memory
        assert 500 <= await engine._count_tokens("word " * 500) <= 502


async def test_the_same_seed_gives_the_same_answer(fresh: EmbeddedEngine) -> None:
    options = ReplyOptions(max_tokens=30, temperature=1.0, seed=7)
    assert await ask(fresh, options) == await ask(fresh, options)


async def test_it_begins_sooner_when_it_has_read_ahead(engine: EmbeddedEngine) -> None:
    """The figure is what reading 600 tokens costs; half of it is a wide margin."""

    def conversation(name: str) -> list[ChatMessage]:
        told = f"{name} " + "A ship sailed far away from home one day. " * 60
        return [QUESTION[0], ChatMessage("user", told)]

    cold = await first_piece_seconds(engine, conversation("Cold."))
    await engine.warm(conversation("Warm."))
    assert await first_piece_seconds(engine, conversation("Warm.")) < cold / 2


async def test_it_refuses_to_answer_as_another_model(engine: EmbeddedEngine) -> None:
    with pytest.raises(BadValue, match="cannot answer as `gpt-9`"):
        await ask(engine, ReplyOptions(model="gpt-9"))


async def test_it_refuses_tools_before_it_asks(engine: EmbeddedEngine) -> None:
    with pytest.raises(BadValue, match="takes no `tools`") as raised:
        await ask(engine, ReplyOptions(tools=(WEATHER,)))
    assert raised.value.field == "tools"


async def test_it_names_itself_and_counts_the_tokens_of_an_answer(
    engine: EmbeddedEngine,
) -> None:
    options = ReplyOptions(max_tokens=5, temperature=0.0, seed=1)
    *_, end = [event async for event in engine.reply(QUESTION, options)]
    assert isinstance(end, Finished)
    assert end.usage is not None
    assert end.usage.prompt_tokens > 5
    assert 0 < end.usage.completion_tokens <= 5
    assert end.reason in ("stop", "length")
    assert end.model == engine.model_name


async def test_it_leaves_no_process_behind(fresh: EmbeddedEngine) -> None:
    (pid,) = fresh.stats().processes
    assert fresh.stats().memory_mb[0] > 50
    await fresh.stop()
    assert not psutil.pid_exists(pid)
    assert fresh.stats().processes == fresh.stats().memory_mb == ()
    await fresh.start()
    assert await ask(fresh)


def test_its_process_ends_with_its_parent() -> None:
    program = """
        import asyncio, os
        from tests.llm.helpers import quick
        from llm.embedded.engine import EmbeddedEngine

        async def main():
            engine = EmbeddedEngine(quick())
            await engine.start()
            print("PID", engine.stats().processes[0], flush=True)
            os.kill(os.getpid(), 9)

        asyncio.run(main())
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    pid = int(ended.stdout.rpartition("PID ")[2])
    deadline = time.monotonic() + 60
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(pid)


def test_it_says_why_a_model_cannot_be_loaded() -> None:
    orders = {
        "model": "/nowhere/model.gguf",
        "api_key": "k",
        "threads": 1,
        "context_tokens": 256,
        "parallel": 1,
        "connections": 4,
        "warm_up": [],
    }
    child = Child("embedded model", "llm.embedded.server", orders)
    with pytest.raises(EngineFailed, match="embedded model could not start"):
        child.start()
    assert child.state is PartState.DOWN
    assert child.pid is None
