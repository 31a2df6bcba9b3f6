"""The configuration for its page: groups of rows, with masked secrets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.config import LoadedConfig
from common.config.loading import Origin
from common.config.sections import SectionInfo, is_secret, sections

_ORIGIN_WORDS = {
    Origin.DEFAULT: _("default"),
    Origin.FILE: _("file"),
    Origin.ENVIRONMENT: _("environment"),
}
_TITLES = {
    "Whisper": _("Speech to text"),
    "Piper": _("Text to speech"),
    "Llm": _("Language model"),
    "Network": _("Network"),
    "Storage": _("Storage"),
    "Retention": _("Retention"),
    "Log": _("Logs"),
    "OpenAI API": _("OpenAI API"),
    "Deepgram API": _("Deepgram API"),
    "Wyoming": _("Wyoming"),
    "Conversation": _("Conversations"),
    "Model": _("Models"),
    "Listening": _("Voice activity"),
}
"""In the order of the page: first what people change, internals last."""


@dataclass(frozen=True)
class ShownSetting:
    """One row."""

    name: str
    sentence: str
    value: str
    """Empty when it is not set, as is `default`."""
    default: str
    origin: str | Promise
    changed: bool
    """Whether the value differs from the default."""
    secret: bool
    file_line: str
    environment_line: str


@dataclass(frozen=True)
class ShownGroup:
    """A section with its sentence and its rows."""

    title: str | Promise
    anchor: str
    sentence: str
    settings: list[ShownSetting]


def shown_groups(loaded: LoadedConfig) -> list[ShownGroup]:
    """Every section of the configuration, those that people change first."""
    order = {title: place for place, title in enumerate(_TITLES)}
    ordered = sorted(sections(), key=lambda each: order.get(each.title, len(order)))
    return [_group(section, loaded) for section in ordered]


def _group(section: SectionInfo, loaded: LoadedConfig) -> ShownGroup:
    rows = [
        _setting(name, field.description or "", field.get_default(), loaded)
        for name, field in section.fields.items()
    ]
    title = _TITLES.get(section.title, section.title)
    anchor = section.title.lower().replace(" ", "-")
    return ShownGroup(title, anchor, section.sentence, rows)


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
    """A value for people; empty when it is not set."""
    if value is None or value in ("", [], {}):
        return ""
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
