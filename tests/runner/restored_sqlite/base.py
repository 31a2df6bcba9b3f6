"""Where Django looks for a database backend's classes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from django.db.backends.sqlite3 import base, creation, operations


class DatabaseCreation(creation.DatabaseCreation):
    """Keeps a copy of the database that it has made."""

    connection: DatabaseWrapper

    def create_test_db(self, *arguments: Any, **options: Any) -> str:
        name = super().create_test_db(*arguments, **options)
        self.connection.keep()
        return name


class DatabaseOperations(operations.DatabaseOperations):
    """Puts the copy back where Django would delete rows."""

    connection: DatabaseWrapper

    def sql_flush(self, *_arguments: Any, **_options: Any) -> list[str]:
        return []

    def execute_sql_flush(self, sql_list: Iterable[str]) -> None:
        self.connection.restore()


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the test database, in memory."""

    creation_class = DatabaseCreation
    ops_class = DatabaseOperations
    _kept: sqlite3.Connection

    def keep(self) -> None:
        """Copy the whole database, as it is now."""
        self._kept = sqlite3.connect(":memory:")
        self.ensure_connection()
        self.connection.backup(self._kept)

    def restore(self) -> None:
        """Make the database what it was when it was kept."""
        self.ensure_connection()
        self._kept.backup(self.connection)
