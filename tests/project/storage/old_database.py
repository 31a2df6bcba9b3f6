"""A database as the first release, 0.1, made it: rows in every table."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

DUMP = Path(__file__).parents[2] / "data" / "database-0.1.sql"
CHANGED_SINCE = {"contenttypes.ContentType", "auth.Permission", "sessions.Session"}
"""`migrate` adds rows to the first two; backups leave the third out."""


def make_old_database(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(DUMP.read_text(encoding="utf-8"))
    return path


def rows_of(models: list[Any], alias: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of each model, by its label and in the order of their keys."""
    return {
        model._meta.label: list(
            model._base_manager.using(alias).order_by("pk").values()
        )
        for model in models
        if model._meta.label not in CHANGED_SINCE
    }


def lost(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The values of before that are missing or changed afterwards."""
    return sorted(
        f"{label} {row['id']} {value}"
        for label, rows in before.items()
        for row in rows
        for value in _values(row) - _values(_same_row(row, after[label]))
    )


def _same_row(row: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The row with its id among those of later, which migrations may add to."""
    return next((each for each in rows if each["id"] == row["id"]), {})


def _values(row: dict[str, Any]) -> set[str]:
    return {f"{name}={_text(value)}" for name, value in row.items()}


def _text(value: Any) -> str:
    """JSON in any order of its keys: PostgreSQL sorts them."""
    return repr(sorted(value.items()) if isinstance(value, dict) else value)
