"""What is sent to Ollama, and what is made of each answer that it may give."""

from __future__ import annotations

import asyncio
import itertools
import threading

import pytest

from common.errors import EngineFailed, LlmUnavailable
from llm.engine import ReplyOptions, text_deltas
from llm.servers.ollama import OllamaEngine
from tests.llm.helpers import (
    LONG_SECONDS,
    PATIENCE_SECONDS,
    QUESTION,
    ask,
    ask_for_pieces,
    ollama,
    quick,
    started,
)
from tests.servers import ollama as answers
from tests.servers.http import Behaviour, address_without_server
from tests.servers.ollama import OllamaServer
from tests.waiting import until


@pytest.mark.parametrize(
    "ending", ["", "/", "/api/generate", "/api/chat", "/api/generate/", "/api"]
)
async def test_it_finds_the_server_from_any_of_its_addresses(ending: str) -> None:
    with OllamaServer() as server:
        async with ollama(server.url + ending) as engine:
            assert await ask(engine) == "Hello there."
            assert engine.health().details["url"] == server.url


async def test_it_keeps_a_path_that_leads_to_the_server() -> None:
    with OllamaServer() as server:
        async with ollama(f"{server.url}/proxied/api/generate") as engine:
            with pytest.raises(LlmUnavailable, match="check `ollama_url`"):
                await ask(engine)
        assert server.asked("/proxied/api/chat")


@pytest.mark.parametrize("address", ["localhost:11434", "ftp://host", "", "http://"])
async def test_it_names_the_setting_of_an_address_that_is_none(address: str) -> None:
    engine = OllamaEngine(quick(ollama_url=address))
    assert not engine.health().ok
    with pytest.raises(EngineFailed, match="`ollama_url`"):
        await engine.start()


async def test_it_never_shows_a_password_in_the_address() -> None:
    with address_without_server() as url:
        secret = url.replace("http://", "http://ann:hunter2@")
        async with ollama(secret, ollama_retry_attempts=0) as engine:
            with pytest.raises(LlmUnavailable) as raised:
                await ask(engine)
            shown = f"{raised.value.message} {engine.health()}"
    assert "hunter2" not in shown
    assert url in shown


async def test_it_asks_for_a_stream_without_reasoning() -> None:
    with OllamaServer() as server:
        async with ollama(server.url, llm_max_tokens=50) as engine:
            await ask(engine, ReplyOptions(temperature=0.2))
        sent = server.chats[0].json
    assert sent["model"] == "llama3.2"
    assert sent["stream"] is True
    assert sent["think"] is False
    assert sent["options"] == {"num_predict": 50, "temperature": 0.2}
    assert sent["messages"] == [
        {"role": message.role, "content": message.content} for message in QUESTION
    ]


async def test_it_asks_for_another_model_when_told_to() -> None:
    with OllamaServer(models=["llama3.2:latest", "qwen3:1b"]) as server:
        async with ollama(server.url) as engine:
            await ask(engine, ReplyOptions(model="qwen3:1b", max_tokens=7))
        sent = server.chats[0].json
    assert sent["model"] == "qwen3:1b"
    assert sent["options"]["num_predict"] == 7


async def test_it_gives_each_piece_when_it_comes() -> None:
    released = threading.Event()
    with OllamaServer(answers.held(released, "a", "b", "c")) as server:
        async with ollama(server.url, ollama_timeout=PATIENCE_SECONDS) as engine:
            pieces = text_deltas(engine.reply(QUESTION))
            assert await anext(pieces) == "a"
            released.set()
            assert [piece async for piece in pieces] == ["b", "c"]


async def test_it_keeps_its_connection_between_requests() -> None:
    with OllamaServer() as server:
        async with ollama(server.url, llm_check_seconds=60) as engine:
            for _ in range(3):
                await ask(engine)
        assert len({request.connection for request in server.requests}) == 1


async def test_it_hangs_up_at_once_when_nobody_listens_any_more() -> None:
    with OllamaServer() as server:
        server.usual = answers.endless()
        async with ollama(server.url, ollama_timeout=LONG_SECONDS) as engine:
            pieces = engine.reply(QUESTION)
            await anext(pieces)
            await pieces.aclose()
            await until(lambda: server.chats[0].left_at is not None)


async def test_it_hangs_up_at_once_when_its_reader_is_cancelled() -> None:
    with OllamaServer() as server:
        server.usual = answers.slow(LONG_SECONDS)
        async with ollama(server.url, ollama_timeout=LONG_SECONDS) as engine:
            reading = asyncio.create_task(ask(engine))
            await until(lambda: len(server.chats) == 1)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await until(lambda: server.chats[0].left_at is not None)
        assert len(server.chats) == 1


async def test_it_keeps_a_character_whole_that_is_cut_between_chunks() -> None:
    data = answers.line("Grüße 🎈") + answers.last_line()
    start = data.index("🎈".encode())
    cuts = [0, data.index("ü".encode()) + 1, start + 1, start + 2, start + 3, len(data)]
    chunks = [data[begin:end] for begin, end in itertools.pairwise(cuts)]
    with OllamaServer(answers.raw(*chunks)) as server:
        async with ollama(server.url) as engine:
            assert await ask(engine) == "Grüße 🎈"


async def test_it_is_not_misled_by_a_line_separator_inside_the_text() -> None:
    data = answers.line("one X two").replace(b"X", "\u2028".encode())
    with OllamaServer(answers.raw(data, answers.last_line())) as server:
        async with ollama(server.url) as engine:
            assert await ask(engine) == "one \u2028 two"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (answers.raw(b"{broken\n"), "not JSON"),
        (answers.raw(b"[1]\n"), "not an object"),
        (answers.raw(b'{"other": 1}\n'), "no part of an answer"),
        (answers.raw(b"\xff\xfe\n"), "not JSON"),
        (answers.html(), "not JSON"),
        (answers.html(404), "check `ollama_url`"),
        (answers.raw(b"", status=302), "answered 302"),
        (answers.raw(b"x" * 600_000, b"x" * 600_000), "a line without end"),
    ],
)
async def test_it_says_what_is_wrong_with_an_answer(
    behaviour: Behaviour, reason: str
) -> None:
    with OllamaServer(behaviour) as server:
        async with ollama(server.url) as engine:
            with pytest.raises(LlmUnavailable, match=reason):
                await ask(engine)
        assert len(server.chats) == 1


async def test_it_gives_what_came_before_a_broken_line() -> None:
    with OllamaServer(answers.raw(answers.line("Once "), b"oops\n")) as server:
        async with ollama(server.url) as engine:
            pieces: list[str] = []
            with pytest.raises(LlmUnavailable, match="in the middle"):
                await ask_for_pieces(engine, pieces)
    assert pieces == ["Once "]


async def test_it_notices_an_answer_that_ends_without_its_last_line() -> None:
    with OllamaServer(answers.unfinished("Once ")) as server:
        async with ollama(server.url) as engine:
            pieces: list[str] = []
            with pytest.raises(LlmUnavailable, match="before it was complete"):
                await ask_for_pieces(engine, pieces)
    assert pieces == ["Once "]


async def test_it_raises_an_error_that_comes_in_place_of_a_line() -> None:
    broken = answers.raw(answers.line("Once "), b'{"error": "out of memory"}\n')
    with OllamaServer(broken) as server:
        async with ollama(server.url) as engine:
            with pytest.raises(LlmUnavailable, match="out of memory"):
                await ask(engine)


async def test_it_allows_an_empty_answer() -> None:
    with OllamaServer(answers.answer()) as server:
        async with ollama(server.url) as engine:
            assert await ask(engine) == ""


async def test_it_refuses_at_once_when_all_connections_are_in_use() -> None:
    with OllamaServer() as server:
        server.usual = answers.slow(LONG_SECONDS)
        config = quick(
            ollama_url=server.url,
            ollama_timeout=LONG_SECONDS,
            llm_check_seconds=LONG_SECONDS,
        )
        async with started(OllamaEngine(config)) as engine:
            asking = [asyncio.create_task(ask(engine)) for _ in range(36)]
            refused, waiting = await asyncio.wait(
                asking, return_when=asyncio.FIRST_EXCEPTION, timeout=PATIENCE_SECONDS
            )
            error = refused.pop().exception()
            assert isinstance(error, LlmUnavailable)
            assert "connections in use" in error.message
            assert error.retry_after_seconds
            for task in waiting:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
            server.usual = answers.answer("Free.")
            assert await ask(engine) == "Free."


@pytest.mark.parametrize(
    ("wanted", "listed"),
    [
        ("llama3.2", "llama3.2:latest"),
        ("llama3.2:latest", "llama3.2"),
        ("llama3.2:1b", "llama3.2:1b"),
        ("host:5000/team/model", "host:5000/team/model:latest"),
    ],
)
async def test_it_is_ready_when_the_model_is_listed(wanted: str, listed: str) -> None:
    with OllamaServer(models=[listed]) as server:
        async with ollama(server.url, ollama_model=wanted) as engine:
            health = engine.health()
    assert health.state.value == "ready"
    assert wanted in health.summary
    assert health.details["ollama"] is True
    assert health.details["circuit"] == "off"


async def test_it_is_down_without_the_model_though_the_server_answers() -> None:
    with OllamaServer(models=["llama3.2:1b"]) as server:
        async with ollama(server.url) as engine:
            health = engine.health()
    assert not health.ok
    assert "ollama pull llama3.2" in health.summary
    assert health.details["ollama"] is True


async def test_it_starts_without_a_server_and_notices_when_one_comes() -> None:
    with OllamaServer() as server:
        server.vanish()
        async with ollama(server.url) as engine:
            assert not engine.health().ok
            assert engine.health().details["ollama"] is False
            server.listen()
            await until(lambda: engine.health().ok)
            server.vanish()
            await until(lambda: not engine.health().ok)


async def test_it_is_down_when_something_else_answers() -> None:
    with OllamaServer() as server:
        server.listing = answers.html()
        async with ollama(server.url) as engine:
            assert not engine.health().ok
            assert engine.health().details["ollama"] is False
