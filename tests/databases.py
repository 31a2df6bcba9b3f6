"""A second database for a test: a real one, migrated, under an alias of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from django.core.management import call_command
from django.db import connections

from voiceproject.django_config import database


@contextlib.contextmanager
def another_database(url: str, folder: Path, alias: str = "another") -> Iterator[str]:
    """The alias of the database at `url` (empty: SQLite in the folder), migrated."""
    defaults = connections.databases["default"]
    connections.databases[alias] = {**defaults, **database(url, folder)}
    try:
        call_command("migrate", database=alias, verbosity=0)
        connections[alias].close()
        yield alias
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.databases[alias]
