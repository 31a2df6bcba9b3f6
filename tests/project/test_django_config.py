"""The parts of Django's settings that touch files."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from common.config import Config, ConfigError
from voiceproject.django_config import database, make_data_dir, usable_secret_key


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_generated_key_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    key = usable_secret_key(Config(), data_dir)
    assert len(key) >= 50
    assert usable_secret_key(Config(), data_dir) == key
    assert permissions(data_dir) == 0o700
    assert permissions(data_dir / "secret_key") == 0o600


def test_an_empty_key_of_a_first_start_on_a_full_disk_is_made_anew(
    tmp_path: Path,
) -> None:
    (tmp_path / "secret_key").touch()
    assert len(usable_secret_key(Config(), tmp_path)) >= 50


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(ConfigError, match="/dev/null/data cannot be made: Not a dir"):
        make_data_dir(Path("/dev/null/data"))


def test_the_database_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    settings = database("", tmp_path / "data")
    with sqlite3.connect(settings["NAME"]) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE texts (text)")
        files = list((tmp_path / "data").iterdir())
        assert {path.name for path in files} >= {"voice.sqlite3", "voice.sqlite3-wal"}
        assert {permissions(path) for path in files} == {0o600}


def test_an_older_database_keeps_its_content(tmp_path: Path) -> None:
    (tmp_path / "voice.sqlite3").write_bytes(b"kept")
    settings = database("", tmp_path)
    assert Path(settings["NAME"]).read_bytes() == b"kept"


def test_another_database_needs_no_folder() -> None:
    settings = database("postgres://user:word@host/name", Path("/dev/null/data"))
    assert settings["HOST"] == "host"
