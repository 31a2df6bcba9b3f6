"""The usage of callers in the database, added by a background thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from datetime import datetime
from itertools import islice

import structlog
from django.db import DEFAULT_DB_ALIAS, Error as DatabaseFailure, connections

from common.metrics import USAGE_DROPPED
from gateway_app.usage.accounts import Resource
from gateway_app.usage.days import DayQuotas, utc_now
from gateway_app.usage.storage import Amounts, Line, used_on, write_lines

log = structlog.get_logger(__name__)

WRITE_SECONDS = 5.0
STOP_SECONDS = 5.0
BATCH = 200
"""Lines in one transaction, so that other writers never wait long."""
MOST_LINES = 20_000
"""Callers and days that wait for the database; beyond it, new ones share a line."""
ADDRESS = "address"
"""The principal of a line about everybody at one address."""
OTHERS = "others"


class Ledger:
    """`add` only counts in memory; a thread adds the sums to the database every few
    seconds. While the database is down they go on growing there, at most MOST_LINES of
    them, and are added later. At first the thread restores what was used of today's
    quotas, where Redis does not keep it.
    """

    def __init__(
        self,
        quotas: DayQuotas,
        *,
        database: str = DEFAULT_DB_ALIAS,
        now: Callable[[], datetime] = utc_now,
        write_seconds: float = WRITE_SECONDS,
    ) -> None:
        self._quotas = quotas
        self._database = database
        self._now = now
        self._write_seconds = write_seconds
        self._lines: dict[Line, Amounts] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._restored = False
        self._away = False

    def add(
        self, principal: str, client: str, resource: Resource, amount: float
    ) -> None:
        """Count it for this principal and today. Any thread may call it."""
        line = Line(self._now().date(), principal, client)
        with self._lock:
            self._add(line, {resource.value: amount})

    def forget(self, owns: Callable[[str, str], bool]) -> None:
        """Drop what waits of the callers whose principal and address `owns` names."""
        with self._lock:
            self._lines = {
                line: amounts
                for line, amounts in self._lines.items()
                if not owns(line.principal, line.client)
            }

    def waiting(self, line: Line) -> Amounts:
        """What of this caller's use is not in the database yet."""
        with self._lock:
            return dict(self._lines.get(line, {}))

    @property
    def callers(self) -> int:
        """How many callers and days wait."""
        return len(self._lines)

    async def start(self) -> None:
        """Begin to write; what was counted before waits."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(
                target=self._write_forever, name="usage", daemon=True
            )
            self._thread.start()

    async def stop(self) -> None:
        """Write the rest."""
        if self._thread is None:
            return
        self._stopping.set()
        # A thread that hangs in the database driver is abandoned: it is a daemon.
        await asyncio.to_thread(self._thread.join, STOP_SECONDS)
        self._thread = None
        if self._lines:
            USAGE_DROPPED.inc()
            log.error("usage lost at shutdown", callers=len(self._lines))

    def write(self) -> None:
        """Add to the database what was counted. Keeps what cannot be written."""
        try:
            self._restore()
            self._write_all()
        except DatabaseFailure as error:
            if not self._away:
                log.warning("usage waits for the database", reason=str(error))
            self._away = True
            self._close_connection()
            return
        self._away = False

    def _write_forever(self) -> None:
        try:
            while True:
                last = self._stopping.is_set()
                try:
                    self.write()
                except Exception:
                    log.exception("usage failed")
                if last:
                    return
                self._stopping.wait(self._write_seconds)
        finally:
            self._close_connection()

    def _restore(self) -> None:
        if self._restored or self._quotas.shared:
            return
        today = self._now().date()
        self._quotas.restore(today, used_on(today, database=self._database))
        self._restored = True

    def _write_all(self) -> None:
        with self._lock:
            # What comes meanwhile waits for the next time.
            lines, self._lines = self._lines, {}
        try:
            while lines:
                batch = dict(islice(lines.items(), BATCH))
                write_lines(batch, database=self._database)
                for line in batch:
                    del lines[line]
        finally:
            with self._lock:
                for line, amounts in lines.items():
                    self._add(line, amounts)

    def _add(self, line: Line, amounts: Amounts) -> None:
        if len(self._lines) >= MOST_LINES and line not in self._lines:
            line = Line(line.day, OTHERS, "")
        sums = self._lines.setdefault(line, {})
        for column, amount in amounts.items():
            sums[column] = sums.get(column, 0) + amount

    def _close_connection(self) -> None:
        with contextlib.suppress(DatabaseFailure):
            connections[self._database].close()
