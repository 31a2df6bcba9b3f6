"""The configuration for its page: groups of rows, with masked secrets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import yaml

from common.config import LoadedConfig
from common.config.loading import Origin
from common.config.sections import SectionInfo, is_secret, sections

_ORIGIN_WORDS = {
    Origin.DEFAULT: "default",
    Origin.FILE: "file",
    Origin.ENVIRONMENT: "environment",
}


_TITLES = {
    "Whisper": "Speech to text",
    "Piper": "Text to speech",
    "Model": "Models",
    "Llm": "Language model",
    "Log": "Logs",
}


@dataclass(frozen=True)
class ShownSetting:
    """One row."""

    name: str
    sentence: str
    value: str
    default: str
    origin: str
    changed: bool
    """Whether the value differs from the default."""
    secret: bool
    file_line: str
    environment_line: str


@dataclass(frozen=True)
class ShownGroup:
    """A section with its sentence and its rows."""

    title: str
    sentence: str
    settings: list[ShownSetting]

    @property
    def anchor(self) -> str:
        return self.title.lower().replace(" ", "-")


def shown_groups(loaded: LoadedConfig) -> list[ShownGroup]:
    """Every section of the configuration, in the order of its declaration."""
    return [_group(section, loaded) for section in sections()]


def _group(section: SectionInfo, loaded: LoadedConfig) -> ShownGroup:
    rows = [
        _setting(name, field.description or "", field.get_default(), loaded)
        for name, field in section.fields.items()
    ]
    title = _TITLES.get(section.title, section.title)
    return ShownGroup(title, section.sentence, rows)


def _setting(
    name: str, sentence: str, default: Any, loaded: LoadedConfig
) -> ShownSetting:
    secret = is_secret(name)
    # The suggested line for a secret has a placeholder, never its value.
    example = "your-secret" if secret else loaded.shown(name)
    if secret and isinstance(default, list):
        example = ["your-secret"]
    return ShownSetting(
        name=name,
        sentence=sentence,
        value=_words(loaded.shown(name)),
        default=_words(default),
        origin=_ORIGIN_WORDS[loaded.origins[name]],
        changed=getattr(loaded.config, name) != default,
        secret=secret,
        file_line=_file_line(name, example),
        environment_line=f"{name.upper()}={_environment_value(example)}",
    )


def _words(value: Any) -> str:
    """A value for people: empty values have a word."""
    if value is None or value in ("", [], {}):
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _file_line(name: str, value: Any) -> str:
    # YAML ends a plain value dumped on its own with an end marker.
    written = yaml.safe_dump(
        [value], default_flow_style=True, allow_unicode=True, width=1_000
    )
    return f"{name}: {written.strip()[1:-1]}"


def _environment_value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"'{json.dumps(value, ensure_ascii=False)}'"
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return json.dumps(text) if " " in text else text
