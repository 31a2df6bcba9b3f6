"""Whether the database takes writes."""

from __future__ import annotations

import asyncio

from django.db import Error as DatabaseFailure, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from common.engine import PartHealth, PartState
from gateway_app.probes.models import Heartbeat
from gateway_app.probes.probe import Probe


def database_probe() -> Probe:
    return Probe("database", lambda: asyncio.to_thread(ask_database))


def ask_database() -> PartHealth:
    """Runs in a thread, on its own connection, which it closes."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if not missing:
            _write()
    except DatabaseFailure as error:
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
            f"{vendor} lacks {len(missing)} migrations: run `manage.py migrate`",
            {"unapplied_migrations": len(missing)},
        )
    return PartHealth(PartState.READY, f"{vendor}, ready")


def _write() -> None:
    """A full disk, a read-only file and a lock that is never released show only so."""
    row = Heartbeat(pk=Heartbeat.ONLY, written_at=timezone.now())
    Heartbeat.objects.bulk_create(
        [row],
        update_conflicts=True,
        update_fields=["written_at"],
        unique_fields=["id"],
    )
