"""Which migrations a database has, and databases beside the configured one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

SQLITE = "django.db.backends.sqlite3"

Node = tuple[str, str]
"""An app's label and the name of a migration."""


def applied_migrations(alias: str = DEFAULT_DB_ALIAS) -> list[Node]:
    """Every migration that the database has."""
    return sorted(MigrationLoader(connections[alias]).applied_migrations)


def unknown_migrations(applied: list[Node]) -> list[str]:
    """Those that this version of the program does not have."""
    on_disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    known = {*on_disk, *(old for each in on_disk.values() for old in each.replaces)}
    apps = {app for app, _ in known}
    return [".".join(each) for each in applied if each[0] in apps and each not in known]


def newest(alias: str) -> list[Node]:
    """The last applied migrations of each app, which say what its tables are like."""
    loader = MigrationLoader(connections[alias])
    applied = set(loader.applied_migrations) & set(loader.graph.nodes)
    return sorted(
        node
        for node in applied
        if not any(
            child.key in applied and child.key[0] == node[0]
            for child in loader.graph.node_map[node].children
        )
    )


def models_at(alias: str, nodes: list[Node]) -> list[Any]:
    """The models as they were after these migrations, whatever they are now."""
    loader = MigrationLoader(connections[alias])
    apps = loader.project_state(nodes).apps
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def migrate_to(alias: str, nodes: list[Node]) -> None:
    """Make the tables as they were after these migrations; those of an app that is not
    among them did not exist."""
    kept = {app for app, _ in nodes}
    newer = {app for app, _ in newest(alias)} - kept
    targets = [*nodes, *((app, None) for app in sorted(newer))]
    MigrationExecutor(connections[alias]).migrate(targets)


@contextlib.contextmanager
def sqlite_beside(path: Path, alias: str) -> Iterator[str]:
    """A SQLite file as a database of its own, without a write-ahead log."""
    defaults = connections.databases[DEFAULT_DB_ALIAS]
    plain = {"ENGINE": SQLITE, "NAME": str(path), "OPTIONS": {}}
    connections.databases[alias] = {**defaults, **plain, "CONN_MAX_AGE": 0}
    try:
        yield alias
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.databases[alias]
