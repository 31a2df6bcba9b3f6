"""Detects a caller whose packets have stopped."""

from __future__ import annotations

import asyncio

import structlog
from aiortc import RTCPeerConnection, RTCRtpReceiver
from aiortc.stats import RTCTransportStats

from compat_app.realtime.calls.media.internals import window_left

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5


async def until_gone(
    pc: RTCPeerConnection, receiver: RTCRtpReceiver, lost_seconds: float
) -> None:
    """Return when nothing has arrived for `lost_seconds`, or when the caller sends fragments
    of a message that never ends.

    ICE itself detects only the former, after 30 seconds.
    """
    loop = asyncio.get_running_loop()
    count, came_at = -1, loop.time()
    while True:
        await asyncio.sleep(min(LOOK_SECONDS, lost_seconds / 4))
        if window_left(pc) < 0:
            log.info("call ended: its messages never end")
            return
        if (now_count := await _packets_received(receiver)) != count:
            count, came_at = now_count, loop.time()
        elif loop.time() - came_at >= lost_seconds:
            log.info("call ended: nothing comes from the caller")
            return


async def _packets_received(receiver: RTCRtpReceiver) -> int:
    """Of all transports together."""
    stats = (await receiver.getStats()).values()
    transports = [each for each in stats if isinstance(each, RTCTransportStats)]
    return sum(each.packetsReceived for each in transports)
