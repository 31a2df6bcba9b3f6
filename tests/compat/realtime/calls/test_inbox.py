"""What came and is still to be processed."""

from __future__ import annotations

import asyncio

import pytest

from compat_app.realtime.calls.inbox import (
    MOST_EVENT_BYTES,
    MOST_EVENTS,
    Inbox,
    InboxFull,
)

SECOND = bytes(96_000)


async def test_events_go_before_audio_which_comes_in_one_piece() -> None:
    inbox = Inbox()
    inbox.put_audio(b"aa")
    inbox.put_event("one")
    inbox.put_audio(b"bb")
    assert [await inbox.next(), await inbox.next()] == ["one", b"aabb"]


async def test_it_waits_for_something() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    inbox.put_audio(b"aa")
    assert await waiting == b"aa"


async def test_it_keeps_the_newest_audio() -> None:
    inbox = Inbox()
    for _ in range(12):
        inbox.put_audio(SECOND)
    assert len(await inbox.next()) == 10 * len(SECOND)
    assert inbox.dropped_bytes == 2 * len(SECOND)


async def test_it_refuses_a_flood_of_events() -> None:
    inbox = Inbox()
    for _ in range(MOST_EVENTS):
        inbox.put_event("x")
    with pytest.raises(InboxFull):
        inbox.put_event("x")


async def test_it_refuses_events_that_are_too_large_together() -> None:
    inbox, half = Inbox(), "x" * (MOST_EVENT_BYTES // 2)
    inbox.put_event(half)
    inbox.put_event(half)
    with pytest.raises(InboxFull):
        inbox.put_event("x")
    assert await inbox.next() == half
    inbox.put_event("x")
