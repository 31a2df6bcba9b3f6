"""The body of a request is read part by part, when the application takes it."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest

from voiceproject.server.queue import BodyQueue

END = {"type": "http.request", "body": b"", "more_body": False}
GONE = {"type": "http.disconnect"}


class WatchedFile(io.BytesIO):
    """Counts what was read of it."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        part = super().read(size)
        self.taken += len(part)
        return part


async def received(queue: BodyQueue, count: int) -> list[dict[str, Any]]:
    return [await queue.get() for _ in range(count)]


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 20])
async def test_the_parts_are_the_body(size: int) -> None:
    body = bytes(range(size))
    queue = BodyQueue(io.BytesIO(body), 10)
    queue.put_nowait(END)
    parts = -(-size // 10)
    *some, last = await received(queue, parts + 1)
    assert b"".join(each["body"] for each in some) == body
    assert all(each["more_body"] for each in some)
    assert last == END


async def test_nothing_is_read_before_it_is_taken() -> None:
    file = WatchedFile(b"x" * 1_000)
    queue = BodyQueue(file, 10)
    queue.put_nowait(END)
    assert file.taken == 0
    await received(queue, 2)
    assert file.taken == 20


async def test_the_body_is_closed_once_it_is_read_and_the_end_of_the_client_follows() -> (
    None
):
    file = WatchedFile(b"x" * 5)
    queue = BodyQueue(file, 10)
    queue.put_nowait(END)
    assert [each["more_body"] for each in await received(queue, 2)] == [True, False]
    assert file.closed
    gone = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.put_nowait(GONE)
    assert await gone == GONE
