"""Whether the database takes writes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from django.db import Error as DatabaseFailure, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from common.engine import PartHealth, PartState
from gateway_app.probes.models import Heartbeat
from gateway_app.probes.probe import Probe

WRITE_SECONDS = 30.0
"""Between two writes; in between the row is read."""


def database_probe() -> Probe:
    check = DatabaseCheck()
    return Probe("database", lambda: asyncio.to_thread(check.ask))


class DatabaseCheck:
    """Reads the row of the heartbeat, and writes it at most every `WRITE_SECONDS`.

    The pages, balancers and Prometheus ask every few seconds. An idle server should
    not keep its disk busy for them, so only a failed write is repeated at once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._written: float | None = None
        """When it was last written; None if that failed."""

    def ask(self) -> PartHealth:
        """Runs in a thread, on its own connection, which it closes."""
        missing = 0
        try:
            if not self._written_lately():
                missing = self._write()
        except DatabaseFailure as error:
            self._written = None
            reason = type(error).__name__
            return PartHealth(
                PartState.DOWN, f"The database does not take writes ({reason})"
            )
        finally:
            connection.close()
        vendor = connection.display_name
        if missing:
            return PartHealth(
                PartState.DOWN,
                f"{vendor} lacks {missing} migrations: run `manage.py migrate`",
                {"unapplied_migrations": missing},
            )
        return PartHealth(PartState.READY, f"{vendor}, ready")

    def _written_lately(self) -> bool:
        """Whether it is too early to write again. Raises DatabaseFailure if the row
        cannot be read either."""
        if self._written is None or self._clock() - self._written >= WRITE_SECONDS:
            return False
        return Heartbeat.objects.filter(pk=Heartbeat.ONLY).exists()

    def _write(self) -> int:
        """The number of missing migrations; writes only if there are none. A full disk,
        a read-only file and a lock that is never released show only so."""
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if not missing:
            row = Heartbeat(pk=Heartbeat.ONLY, written_at=timezone.now())
            Heartbeat.objects.bulk_create(
                [row],
                update_conflicts=True,
                update_fields=["written_at"],
                unique_fields=["id"],
            )
            self._written = self._clock()
        return len(missing)
