"""The real server goes on while somebody else holds its whole database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import httpx
import pytest

from tests.server_process import running_server

pytestmark = [pytest.mark.services, pytest.mark.model, pytest.mark.server]

MOST_SECONDS = 4.0
"""Less than SQLite's own patience with a lock, so that nobody can have waited for it."""


def test_it_answers_and_then_catches_up(tmp_path: Path) -> None:
    with running_server(
        data_dir=tmp_path, whisper_model_name="tiny.en", llm_backend="none"
    ) as server:
        holder = sqlite3.connect(tmp_path / "voice.sqlite3", isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        for number in range(3):
            answer = httpx.post(
                f"{server.url}/tts",
                json={"text": "Hello.", "llm": False},
                headers={"X-Request-ID": f"locked-{number}"},
                timeout=30,
            )
            assert answer.status_code == 200
            assert answer.elapsed.total_seconds() < MOST_SECONDS
        held = holder.execute("SELECT count(*) FROM gateway_app_synthesis").fetchone()
        holder.execute("ROLLBACK")
        assert (held, server.stop()) == ((0,), 0)
        kept = holder.execute(
            "SELECT request_id FROM gateway_app_synthesis ORDER BY id"
        )
        assert kept.fetchall() == [(f"locked-{number}",) for number in range(3)]
        holder.close()
