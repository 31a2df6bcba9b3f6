"""The history in the database, written by a background thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog
from django.db import DEFAULT_DB_ALIAS, Error as DatabaseFailure, connections
from django.db.utils import DataError, IntegrityError
from django.utils import timezone

from common.backoff import backoff
from common.config import Config
from common.metrics import HISTORY_DROPPED
from gateway_app.history.records import Record
from gateway_app.history.rows import row_of
from gateway_app.history.storage import WaitingRow, write_rows
from gateway_app.retention.people import Person

log = structlog.get_logger(__name__)

BATCH = 100
GATHER_SECONDS = 0.2
"""How long a record waits for others that are written in the same transaction."""
FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 5.0
SHUTDOWN_RETRY_SECONDS = 0.1
LONGEST_FLUSH_SECONDS = 5.0
IDLE_SECONDS = 30.0
"""The database connection is closed after this long without a record."""

UNWRITABLE = (DataError, IntegrityError, ValueError, TypeError)
"""Errors caused by the row itself: a retry would not help."""


class Listener(Protocol):
    """Whatever else is told of each request, such as the monitor."""

    def record(self, record: Record) -> None:
        """A request has ended."""


class DatabaseHistory:
    """`record` only puts the record in a bounded queue; a thread writes batches.

    While the database is down, the thread retries, oldest first, and the queue fills;
    records that do not fit are dropped and counted.
    """

    def __init__(
        self,
        config: Config,
        monitor: Listener | None = None,
        *,
        database: str = DEFAULT_DB_ALIAS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._monitor = monitor
        self._database = database
        self._clock = clock
        self._waiting: deque[WaitingRow] = deque()
        self._batch: list[WaitingRow] = []
        self._dropped_in_a_row = 0
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._gives_up_at = float("inf")
        self._forgotten: list[tuple[datetime, Person]] = []
        self._thread: threading.Thread | None = None

    @property
    def pending(self) -> int:
        """The number of unwritten records."""
        return len(self._waiting) + len(self._batch)

    async def start(self) -> None:
        """Start to write. Earlier records are in the queue."""
        if self._thread is None:
            self._stopping.clear()
            self._gives_up_at = float("inf")
            self._thread = threading.Thread(
                target=self._write_forever, name="history", daemon=True
            )
            self._thread.start()

    async def stop(self) -> None:
        """Write the queued records, as long as the shutdown grace allows."""
        if self._thread is None:
            return
        grace_seconds = min(LONGEST_FLUSH_SECONDS, self._config.shutdown_grace_seconds)
        self._gives_up_at = self._clock() + grace_seconds
        self._stopping.set()
        self._wake.set()
        # A thread that hangs in the database driver is abandoned: it is a daemon.
        await asyncio.to_thread(self._thread.join, grace_seconds + GATHER_SECONDS)
        self._thread = None
        if left := self.pending:
            HISTORY_DROPPED.inc(left)
            log.error("history lost at shutdown", records=left)

    def record(self, record: Record) -> None:
        """Queue the record, then tell the monitor. Returns at once and never raises."""
        # The caller has just answered a client and must not fail now, and a
        # failure of either side must not keep the record from the other.
        for work in (self._keep, self._tell):
            try:
                work(record)
            except Exception:
                log.exception("record failed", request_id=record.request_id)

    def keep(self, row: WaitingRow) -> None:
        """Queue a row of another package. Returns at once and never raises."""
        if self._config.store_history:
            self._queue(row)

    def forget(self, person: Person) -> None:
        """Drop the queued records of this person. Returns at once."""
        self._forgotten.append((timezone.now(), person))
        self._wake.set()

    def _keep(self, record: Record) -> None:
        if self._config.store_history:
            self._queue(row_of(record, timezone.now()))

    def _tell(self, record: Record) -> None:
        if self._monitor is not None:
            self._monitor.record(record)

    def _queue(self, row: WaitingRow) -> None:
        stopped = self._stopping.is_set() and self._thread is None
        if stopped or self.pending >= self._config.history_queue_limit:
            HISTORY_DROPPED.inc()
            if self._dropped_in_a_row == 0:
                log.error(
                    "history drops records", stopped=stopped, waiting=self.pending
                )
            self._dropped_in_a_row += 1
            return
        self._dropped_in_a_row = 0
        self._waiting.append(row)
        self._wake.set()

    def _write_forever(self) -> None:
        try:
            while not (self._stopping.is_set() and not self.pending):
                if not self._wait_for_records():
                    break
                self._guarded(self._write_waiting)
        finally:
            self._close_connection()

    def _wait_for_records(self) -> bool:
        """Wait for records, then a moment for more of them. False: time is up."""
        if not self.pending and not self._wake.wait(IDLE_SECONDS):
            self._close_connection()
            self._wake.wait()
        self._wake.clear()
        self._stopping.wait(GATHER_SECONDS)
        return self._clock() < self._gives_up_at

    def _guarded(self, work: Callable[[], None]) -> None:
        """Log any failure and go on: the thread must outlive it."""
        try:
            work()
        except Exception:
            log.exception("history failed")
            self._drop_batch()

    def _write_waiting(self) -> None:
        while self._waiting or self._batch:
            while self._waiting and len(self._batch) < BATCH:
                self._batch.append(self._waiting.popleft())
            if not self._write_with_retries():
                return
        self._forgotten.clear()

    def _write_with_retries(self) -> bool:
        """Whether the batch was written or dropped; False when time is up first."""
        pauses, away = backoff(FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS), False
        while self._clock() < self._gives_up_at:
            try:
                self._write_batch()
            except DatabaseFailure as error:
                self._close_connection()
                if not away:
                    log.warning("database away", reason=type(error).__name__)
                away = True
                self._pause(next(pauses))
                continue
            if away:
                log.info("database is back", waiting=len(self._waiting))
            return True
        return False

    def _write_batch(self) -> None:
        """Raises Django's database errors if the database fails."""
        self._batch = [row for row in self._batch if not self._is_forgotten(row)]
        try:
            write_rows(self._batch, database=self._database)
            self._batch = []
        except UNWRITABLE:
            for row in list(self._batch):
                self._write_alone(row)

    def _is_forgotten(self, row: WaitingRow) -> bool:
        return any(
            row.created_at <= moment and person.owns(row.principal, row.client)
            for moment, person in list(self._forgotten)
        )

    def _write_alone(self, row: WaitingRow) -> None:
        """Drop only the row that cannot be written."""
        try:
            write_rows([row], database=self._database)
        except UNWRITABLE as error:
            HISTORY_DROPPED.inc()
            reason = type(error).__name__
            log.error("record refused", request_id=row.request_id, reason=reason)
        self._batch.remove(row)

    def _pause(self, seconds: float) -> None:
        if self._stopping.is_set():
            time.sleep(SHUTDOWN_RETRY_SECONDS)
        else:
            self._stopping.wait(seconds)

    def _drop_batch(self) -> None:
        HISTORY_DROPPED.inc(len(self._batch))
        self._batch = []

    def _close_connection(self) -> None:
        """Close this thread's connection; the next write opens a new one."""
        with contextlib.suppress(DatabaseFailure):
            connections[self._database].close()
