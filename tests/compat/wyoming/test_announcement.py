"""The announcement on the local network, looked for on this machine alone."""

from __future__ import annotations

import asyncio
from typing import Any

from structlog.testing import capture_logs
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from compat_app.wyoming.announcement import SERVICE_TYPE, Announcement
from tests.compat.wyoming.talking import listening, server_of, serving

LOOPBACK = ["127.0.0.1"]
PORT = 10_300
WAIT_MS = 3_000


async def found(name: str) -> AsyncServiceInfo | None:
    """What a client on this machine learns of it."""
    looking = AsyncZeroconf(interfaces=LOOPBACK, ip_version=IPVersion.V4Only)
    try:
        info = AsyncServiceInfo(SERVICE_TYPE, name)
        known = await info.async_request(looking.zeroconf, WAIT_MS)
        return info if known else None
    finally:
        await looking.async_close()


async def test_it_is_found_with_its_address_and_port() -> None:
    announcement = Announcement("127.0.0.1", PORT, LOOPBACK)
    await announcement.start()
    try:
        info = await found(announcement.name)
        assert info is not None
        assert info.port == PORT
        assert info.parsed_addresses() == LOOPBACK
        assert info.name.endswith(f".{SERVICE_TYPE}")
    finally:
        await asyncio.wait_for(announcement.stop(), 5)
    await announcement.stop()


async def test_what_only_this_machine_reaches_is_not_announced() -> None:
    with capture_logs() as logs:
        async with serving(listening(wyoming_zeroconf=True)) as server:
            assert server.summary.endswith("on this machine")
    assert [line["event"] for line in logs if "announced" in line["event"]] == [
        "wyoming is not announced"
    ]


async def test_without_the_setting_nothing_is_announced() -> None:
    logs: list[Any]
    with capture_logs() as logs:
        server = server_of(listening())
        await server.start()
        await server.stop()
    assert [line for line in logs if "announced" in line["event"]] == []
