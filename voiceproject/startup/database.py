"""Bringing the database up to date before the server starts."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from voiceproject.startup.failures import CannotStart


def prepare_database() -> str:
    """Migrate SQLite; for other databases, only return what is missing, if anything.

    Raises CannotStart for a database of a newer version, and for an SQLite file that
    cannot be used. Another database that does not answer may do so later.
    """
    try:
        executor = MigrationExecutor(connection)
        if unknown := _unknown(executor):
            raise CannotStart(_newer(unknown))
        if connection.vendor != "sqlite":
            return _unapplied(executor)
        call_command("migrate", interactive=False, verbosity=0)
        return ""
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        if connection.vendor == "sqlite" and "locked" not in reason:
            raise CannotStart(_unusable(reason)) from error
        return f"The database does not answer, so the history is not stored: {reason}"
    except ImproperlyConfigured as error:
        reason = str(error).splitlines()[0]
        raise CannotStart(f"`database_url` cannot be used: {reason}") from error
    finally:
        connection.close()


def _unknown(executor: MigrationExecutor) -> list[str]:
    """The applied migrations that this version does not have."""
    on_disk = executor.loader.disk_migrations
    known = {*on_disk, *(old for each in on_disk.values() for old in each.replaces)}
    apps = {app for app, _ in known}
    applied = executor.loader.applied_migrations
    return sorted(
        ".".join(key) for key in applied if key[0] in apps and key not in known
    )


def _unapplied(executor: MigrationExecutor) -> str:
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return ""
    return f"{len(plan)} database migrations are missing: run `manage.py migrate`."


def _newer(unknown: list[str]) -> str:
    return (
        f"The database {_name()} was written by a newer version of this program, which "
        f"changed it ({', '.join(unknown)}): update the program, restore a backup, or "
        "use another database with DATA_DIR or DATABASE_URL."
    )


def _unusable(reason: str) -> str:
    return (
        f"The database {_name()} cannot be used: {reason}. Check that its folder "
        "exists and may be written and that its disk has room; if the file is damaged, "
        "move it away or restore a backup."
    )


def _name() -> str:
    return str(settings.DATABASES["default"]["NAME"])
