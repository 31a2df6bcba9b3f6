"""Live figures: taken each second, shared between processes, kept for 15 minutes."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import psutil
import structlog
from channels.layers import get_channel_layer

from common.engine import PartHealth
from common.errors import Unavailable, VoiceError
from common.redis_clients import REDIS_ERRORS
from gateway_app.health import ServerHealth
from gateway_app.monitor.figures import Figures, real_time_factors
from gateway_app.monitor.loop_watch import LoopWatch
from gateway_app.monitor.messages import History, Snapshot
from gateway_app.monitor.recent import RecentPast
from gateway_app.monitor.viewers import with_owners

log = structlog.get_logger(__name__)

GROUP = "monitor"
PERIOD_SECONDS = 1.0
MAX_SNAPSHOTS = 900
MAX_PROCESSES = 64
WATCHER_QUEUE = 8
HEALTH_CHECK_TICKS = 5
HEALTH_MAX_AGE_SECONDS = 30.0
"""A probe writes to the database: an idle server need not do so every few seconds."""
REJOIN_SECONDS = 30.0
RECEIVE_TIMEOUT_SECONDS = 10.0
RETRY_SECONDS = 3.0
CANCEL_AGAIN_SECONDS = 0.5

_NOT_KEPT = ("recent", "parts", "files")
"""What the history leaves out of a snapshot."""
_UNSHARED = "Live figures are unavailable: Redis does not answer."


class Monitor:
    """One per process. Watchers see the snapshots of every process of the group."""

    def __init__(
        self,
        health: ServerHealth,
        figures: Figures,
        recent: RecentPast,
        process: str = "",
    ) -> None:
        self.recent = recent
        """The recently completed requests; the history adds to it."""
        self._health = health
        self._figures = figures
        self._name = process or f"web-{os.getpid()}"
        self._snapshots: dict[str, deque[dict[str, Any]]] = {}
        self._watchers: set[asyncio.Queue[dict[str, Any] | VoiceError]] = set()
        self._parts: dict[str, PartHealth] = {}
        self._loop_watch = LoopWatch()
        self._loop_delay_seconds = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._lost = False

    async def start(self) -> None:
        """Start to publish and to listen."""
        if not self._tasks:
            work = (
                self._loop_watch.run(),
                self._publish_forever(),
                self._listen_forever(),
            )
            self._tasks = [asyncio.create_task(each) for each in work]

    async def stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        # Until Python 3.12 `wait_for` loses a cancellation that comes together with
        # its result, so once is not always enough.
        while going_on := [task for task in tasks if not task.done()]:
            for task in going_on:
                task.cancel()
            await asyncio.wait(going_on, timeout=CANCEL_AGAIN_SECONDS)

    async def watch(self) -> AsyncIterator[dict[str, Any]]:
        """The history, then every snapshot. Raises Unavailable when sharing fails."""
        if self._lost:
            raise _unavailable()
        queue: asyncio.Queue[dict[str, Any] | VoiceError]
        queue = asyncio.Queue(WATCHER_QUEUE)
        self._watchers.add(queue)
        try:
            yield self.history()
            while True:
                item = await queue.get()
                if isinstance(item, VoiceError):
                    raise item
                yield item
        finally:
            self._watchers.discard(queue)

    def history(self) -> dict[str, Any]:
        """The snapshots of the last 15 minutes, of all processes, oldest first."""
        kept = [snapshot for series in self._snapshots.values() for snapshot in series]
        kept.sort(key=lambda snapshot: float(snapshot["time"]))
        return History(snapshots=kept[-MAX_SNAPSHOTS:]).model_dump()

    def snapshot(self) -> Snapshot:
        """The current snapshot of this process."""
        parts = {**self._parts, **self._health.parts()}
        figures = self._figures
        return Snapshot(
            process=self._name,
            time=round(time.time(), 3),
            sessions=figures.sessions(),
            queues=figures.queues(),
            latency_ms=self.recent.latency_ms(),
            errors_last_hour=self.recent.errors_last_hour(),
            real_time_factor=real_time_factors(),
            memory_mb=figures.memory_mb(),
            cpu_percent=psutil.cpu_percent(),
            loop_delay_ms=round(self._loop_delay_seconds * 1000, 2),
            parts={name: part.as_dict() for name, part in parts.items()},
            files=figures.files(),
            recent=self.recent.requests(),
        )

    async def _publish_forever(self) -> None:
        loop = asyncio.get_running_loop()
        for tick in itertools.count():
            due = loop.time() + PERIOD_SECONDS
            try:
                if tick % HEALTH_CHECK_TICKS == 0:
                    report = await self._health.examine(HEALTH_MAX_AGE_SECONDS)
                    self._parts = report.parts
                self._loop_delay_seconds = self._loop_watch.take_worst()
                await self._publish()
            except Exception:
                # A background task must outlive any single failure.
                log.exception("snapshot failed")
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def _publish(self) -> None:
        snapshot = with_owners(self.snapshot().model_dump(), self.recent.owners())
        message = {"type": "monitor.snapshot", "snapshot": snapshot}
        layer = get_channel_layer()
        try:
            await asyncio.wait_for(layer.group_send(GROUP, message), PERIOD_SECONDS)
        except REDIS_ERRORS as error:
            # Only the listener decides that Redis is lost: after a restart of
            # Redis a pooled connection fails once and then works again.
            log.debug("snapshot not shared", reason=type(error).__name__)

    async def _listen_forever(self) -> None:
        while True:
            try:
                await self._listen()
            except REDIS_ERRORS as error:
                self._mark_lost(error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        joined = 0.0
        while True:
            # A Redis that was restarted has lost the group's members.
            if time.monotonic() - joined > REJOIN_SECONDS:
                await layer.group_add(GROUP, channel)
                joined = time.monotonic()
                self._mark_connected()
            # Our own snapshots come back each second, so silence means a loss.
            message = await asyncio.wait_for(
                layer.receive(channel), RECEIVE_TIMEOUT_SECONDS
            )
            self._store(message["snapshot"])
            self._broadcast(message["snapshot"])

    def _store(self, snapshot: dict[str, Any]) -> None:
        process = str(snapshot["process"])
        if process not in self._snapshots and len(self._snapshots) >= MAX_PROCESSES:
            return
        series = self._snapshots.setdefault(process, deque(maxlen=MAX_SNAPSHOTS))
        short = {k: v for k, v in snapshot.items() if k not in _NOT_KEPT}
        series.append(short)
        self._drop_inactive_processes(float(snapshot["time"]))

    def _drop_inactive_processes(self, now: float) -> None:
        oldest = now - MAX_SNAPSHOTS * PERIOD_SECONDS
        for process, series in list(self._snapshots.items()):
            if series[-1]["time"] < oldest:
                del self._snapshots[process]

    def _broadcast(self, item: dict[str, Any] | VoiceError) -> None:
        for queue in self._watchers:
            # A slow watcher misses the oldest snapshots instead of delaying the others.
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(item)

    def _mark_lost(self, error: BaseException) -> None:
        if not self._lost:
            log.warning("live figures lost", reason=type(error).__name__)
        self._lost = True
        self._broadcast(_unavailable())

    def _mark_connected(self) -> None:
        if self._lost:
            log.info("live figures are back")
        self._lost = False


def _unavailable() -> Unavailable:
    return Unavailable(_UNSHARED, retry_after_seconds=RETRY_SECONDS)
