"""Texts that clients write piece by piece, perhaps with very many pieces."""

from __future__ import annotations

import tracemalloc

from compat_app.wyoming.speaking.growing_text import GrowingText

MANY = 100_000


async def test_what_a_client_sends_without_a_text_takes_no_memory() -> None:
    text = GrowingText(100)
    text.add("One. ")
    tracemalloc.start()
    try:
        for _ in range(MANY):
            text.add("")
            text.end()
        grown_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown_bytes < MANY
    assert [piece async for piece in text.pieces()] == ["One. "]


async def test_nothing_follows_the_end() -> None:
    text = GrowingText(100)
    text.add("One.")
    text.end()
    text.add("Two.")
    assert [piece async for piece in text.pieces()] == ["One."]
