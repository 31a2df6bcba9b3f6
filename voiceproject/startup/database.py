"""Bringing the database up to date before the server starts."""

from __future__ import annotations

from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


def prepare_database() -> str:
    """Migrate SQLite; for other databases, only return what is missing, if anything."""
    try:
        if connection.vendor == "sqlite":
            call_command("migrate", interactive=False, verbosity=0)
            return ""
        return _unapplied()
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        return f"The database does not answer, so the history is not stored: {reason}"
    finally:
        connection.close()


def _unapplied() -> str:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return ""
    return f"{len(plan)} database migrations are missing: run `manage.py migrate`."
