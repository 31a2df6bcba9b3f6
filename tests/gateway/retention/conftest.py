"""A database in a file, and the kinds of data in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.databases import another_database


@pytest.fixture
def file_database(tmp_path: Path, django_db_blocker: Any) -> Iterator[str]:
    """SQLite in a file, set up as in production."""
    with django_db_blocker.unblock(), another_database("", tmp_path) as alias:
        yield alias
