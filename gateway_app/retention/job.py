"""What a running server does for retention: deletes what is old, and drops from memory
whoever is being forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from django.db import DEFAULT_DB_ALIAS, Error as DatabaseFailure, connections
from django.utils import timezone

from common.errors import VoiceError
from gateway_app.models import Forgetting
from gateway_app.retention.forgetting import POLL_SECONDS, person_of
from gateway_app.retention.kept import Kept
from gateway_app.retention.people import Person
from gateway_app.retention.pruning import prune

log = structlog.get_logger(__name__)

FIRST_PRUNE_SECONDS = 60.0
PRUNE_EVERY_SECONDS = 3_600.0
LONGEST_PRUNE_SECONDS = 300.0
"""What is left then is deleted an hour later."""
BATCH_PAUSE_SECONDS = 0.05
"""For others that want to write."""
STALE_MARK = timedelta(hours=1)
"""A `forget` that was killed leaves its mark."""
STOP_SECONDS = 2.0

Forget = Callable[[Person], None]


class RetentionJob:
    """A background thread. `told` are called in the event loop with whoever is being
    forgotten."""

    def __init__(
        self,
        kinds: Sequence[Kept],
        told: Sequence[Forget] = (),
        *,
        database: str = DEFAULT_DB_ALIAS,
        first_prune_seconds: float = FIRST_PRUNE_SECONDS,
        poll_seconds: float = POLL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kinds = kinds
        self._told = told
        self._database = database
        self._first_prune_seconds = first_prune_seconds
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._prunes_at = float("inf")
        self._seen = 0
        self._away = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._prunes_at = self._clock() + self._first_prune_seconds
            self._stopping.clear()
            self._thread = threading.Thread(
                target=self._run, name="retention", daemon=True
            )
            self._thread.start()

    async def stop(self) -> None:
        """End after the batch that is being deleted."""
        if self._thread is not None:
            self._stopping.set()
            # A thread that hangs in the database driver is abandoned: it is a daemon.
            await asyncio.to_thread(self._thread.join, STOP_SECONDS)
            self._thread = None

    def _run(self) -> None:
        try:
            while not self._stopping.wait(self._poll_seconds):
                self._guarded(self._look_for_marks)
                if self._clock() >= self._prunes_at:
                    self._prunes_at = self._clock() + PRUNE_EVERY_SECONDS
                    self._guarded(self._prune)
        finally:
            self._close_connection()

    def _guarded(self, work: Callable[[], None]) -> None:
        """The thread must outlive any failure; an outage is logged once."""
        try:
            work()
        except (DatabaseFailure, VoiceError) as error:
            self._close_connection()
            if not self._away:
                log.warning("retention waits", reason=type(error).__name__)
            self._away = True
        except Exception:
            log.exception("retention failed")
        else:
            self._away = False

    def _look_for_marks(self) -> None:
        marks = Forgetting.objects.using(self._database)
        for mark in marks.filter(pk__gt=self._seen).order_by("pk"):
            self._seen = mark.pk
            self._tell(person_of(mark))
            if timezone.now() - mark.created_at > STALE_MARK:
                mark.delete()

    def _tell(self, person: Person) -> None:
        log.info("forgetting", principals=len(person.principals))
        if self._loop is not None and not self._loop.is_closed():
            for forget in self._told:
                self._loop.call_soon_threadsafe(forget, person)

    def _prune(self) -> None:
        ends_at = self._clock() + LONGEST_PRUNE_SECONDS

        def after_batch() -> bool:
            self._stopping.wait(BATCH_PAUSE_SECONDS)
            # `forget` waits a few seconds only, however much there is to prune.
            self._guarded(self._look_for_marks)
            return not self._stopping.is_set() and self._clock() < ends_at

        counts = prune(self._kinds, database=self._database, after_batch=after_batch)
        if deleted := {name: count for name, count in counts.items() if count}:
            log.info("old data deleted", counts=deleted)

    def _close_connection(self) -> None:
        with contextlib.suppress(DatabaseFailure):
            connections[self._database].close()
