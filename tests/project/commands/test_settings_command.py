"""`manage.py settings`, and the system checks of a configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from common.config import Config, LoadedConfig, load_config
from voiceproject.checks import check_messages
from voiceproject.management.commands.settings import as_json, as_lines


def loaded(tmp_path: Path, text: str = "", **environment: str) -> LoadedConfig:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return load_config(environment, path)


def entry(plain: dict[str, Any], name: str) -> dict[str, Any]:
    groups = plain["settings"].values()
    return next(group[name] for group in groups if name in group)


def test_it_says_where_each_value_comes_from(tmp_path: Path) -> None:
    config = loaded(tmp_path, "whisper_beam: 3\nlog_level: DEBUG\n", LOG_LEVEL="ERROR")
    plain = as_json(config)
    assert entry(plain, "whisper_beam") == {"value": 3, "origin": "file"}
    assert entry(plain, "log_level") == {"value": "ERROR", "origin": "environment"}
    assert entry(plain, "tts_port") == {"value": 8000, "origin": "default"}
    assert plain["file"] == str(tmp_path / "config.yaml")


def test_it_prints_every_setting_once(tmp_path: Path) -> None:
    lines = as_lines(loaded(tmp_path))
    names = [line.split()[0] for line in lines if line.startswith("  ")]
    assert sorted(names) == sorted(Config.model_fields)


def test_it_never_shows_a_secret(tmp_path: Path) -> None:
    secrets = {
        "SECRET_KEY": "hidden-1",
        "API_KEYS": "hidden-2,hidden-3",
        "OPENAI_API_KEY": "hidden-4",
        "DATABASE_URL": "postgres://u:hidden-5@h/n",
        "REDIS_URL": "redis://:hidden-6@h",
    }
    config = loaded(tmp_path, **secrets)
    shown = "\n".join(as_lines(config)) + json.dumps(as_json(config))
    assert "hidden" not in shown
    assert shown.count("********") == 2 * len(secrets)


def test_it_checks_what_production_needs(tmp_path: Path) -> None:
    found = check_messages(loaded(tmp_path, "environment: production\npiper_bin: x\n"))
    assert [message.id for message in found] == [
        "voice.E001",
        "voice.E002",
        "voice.E003",
        "voice.W001",
    ]


def test_it_finds_nothing_wrong_in_development(tmp_path: Path) -> None:
    assert check_messages(loaded(tmp_path)) == []
