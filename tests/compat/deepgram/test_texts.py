"""The texts of `/v1/speak`: open until a flush, in order, bounded."""

from __future__ import annotations

import asyncio

import pytest

from common.errors import TooLarge, TooMany
from compat_app.deepgram.speak.texts import (
    MOST_WAITING,
    Answer,
    WrittenText,
    WrittenTexts,
)


async def written(text: WrittenText | Answer | None) -> list[str]:
    assert isinstance(text, WrittenText)
    return [piece async for piece in text.pieces()]


async def test_pieces_up_to_a_flush_are_one_text() -> None:
    texts = WrittenTexts(100)
    texts.add("Hello, ")
    texts.add("you.")
    texts.flush()
    texts.add("And you.")
    texts.end()
    assert await written(await texts.next()) == ["Hello, ", "you."]
    assert await texts.next() is Answer.FLUSHED
    assert await written(await texts.next()) == ["And you."]
    assert await texts.next() is None


async def test_a_text_can_be_read_while_it_is_written() -> None:
    texts = WrittenTexts(100)
    texts.add("one")
    text = await texts.next()
    assert isinstance(text, WrittenText)
    pieces = text.pieces()
    assert await anext(pieces) == "one"
    waiting = asyncio.ensure_future(anext(pieces))
    await asyncio.sleep(0)
    assert not waiting.done()
    texts.add("two")
    assert await waiting == "two"
    texts.flush()
    assert [piece async for piece in pieces] == []


async def test_who_waits_for_the_next_text_gets_it() -> None:
    texts = WrittenTexts(100)
    waiting = asyncio.ensure_future(texts.next())
    await asyncio.sleep(0)
    texts.add("one")
    text = await waiting
    ending = asyncio.ensure_future(texts.next())
    await asyncio.sleep(0)
    texts.end()
    assert await ending is None
    assert await written(text) == ["one"]


async def test_clear_drops_all_but_its_answer() -> None:
    texts = WrittenTexts(100)
    texts.add("one")
    texts.flush()
    texts.add("two")
    texts.clear()
    texts.add("three")
    texts.end()
    assert await texts.next() is Answer.CLEARED
    assert await written(await texts.next()) == ["three"]
    assert await texts.next() is None


async def test_every_clear_is_answered_within_bounds() -> None:
    texts = WrittenTexts(100)
    texts.clear()
    texts.add("one")
    texts.clear()
    assert [await texts.next(), await texts.next()] == [Answer.CLEARED] * 2
    with pytest.raises(TooMany):
        for _ in range(10_000):
            texts.clear()


async def test_clear_ends_the_text_that_is_being_read() -> None:
    texts = WrittenTexts(100)
    texts.add("one")
    text = await texts.next()
    texts.clear()
    assert await written(text) == ["one"]


async def test_nothing_is_written_after_the_end() -> None:
    texts = WrittenTexts(100)
    texts.end()
    texts.add("too late")
    assert await texts.next() is None


async def test_an_empty_piece_opens_no_text() -> None:
    texts = WrittenTexts(100)
    texts.add("")
    texts.flush()
    assert await texts.next() is Answer.FLUSHED


async def test_a_text_is_bounded_and_keeps_what_fits() -> None:
    texts = WrittenTexts(10)
    texts.add("12345")
    with pytest.raises(TooLarge, match="tts_max_text_length"):
        texts.add("123456")
    texts.add("67890")
    texts.flush()
    texts.add("1234567890")
    assert await written(await texts.next()) == ["12345", "67890"]


async def test_the_texts_that_wait_are_bounded() -> None:
    texts = WrittenTexts(10)
    for _ in range(MOST_WAITING):
        texts.add("one")
        texts.flush()
    with pytest.raises(TooMany, match=f"At most {MOST_WAITING}"):
        texts.add("one")
    with pytest.raises(TooMany):
        texts.flush()
    await texts.next()
    texts.add("one")
