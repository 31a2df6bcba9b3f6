"""The whole configuration: every section's settings under flat names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from common.config.chat import ChatSettings
from common.config.compat import (
    DeepgramApiSettings,
    OpenaiApiSettings,
    WebrtcSettings,
    WyomingSettings,
)
from common.config.llm import ConversationSettings, LlmSettings
from common.config.models import ModelSettings
from common.config.quotas import QuotaSettings
from common.config.retention import RetentionSettings
from common.config.server import (
    LogSettings,
    NetworkSettings,
    RedisSettings,
    StorageSettings,
)
from common.config.setting import Section
from common.config.speech import (
    ListeningSettings,
    PiperSettings,
    WhisperSettings,
)

_NAMES = {"Openai": "OpenAI", "Api": "API", "Webrtc": "WebRTC"}
"""How names in the titles of sections are written."""

SECTION_CLASSES: tuple[type[Section], ...] = (
    ListeningSettings,
    WhisperSettings,
    PiperSettings,
    ModelSettings,
    LlmSettings,
    ConversationSettings,
    ChatSettings,
    NetworkSettings,
    QuotaSettings,
    OpenaiApiSettings,
    WebrtcSettings,
    DeepgramApiSettings,
    WyomingSettings,
    StorageSettings,
    RetentionSettings,
    LogSettings,
)


class SttEngineSettings(WhisperSettings, ModelSettings):
    """What a speech-to-text engine is built with."""


class TtsEngineSettings(PiperSettings, ModelSettings):
    """What a text-to-speech engine is built with."""


class LlmEngineSettings(LlmSettings, ModelSettings, RedisSettings):
    """What a language model engine is built with."""


class Config(
    ListeningSettings,
    SttEngineSettings,
    TtsEngineSettings,
    LlmEngineSettings,
    ConversationSettings,
    ChatSettings,
    NetworkSettings,
    QuotaSettings,
    OpenaiApiSettings,
    WebrtcSettings,
    DeepgramApiSettings,
    WyomingSettings,
    StorageSettings,
    RetentionSettings,
    LogSettings,
):
    """Every setting. A core class takes the section that it needs; this is all of them."""

    @property
    def is_production(self) -> bool:
        return self.environment == "production"


@dataclass(frozen=True)
class SectionInfo:
    """A section as the docs and the configuration page show it."""

    title: str
    sentence: str
    fields: dict[str, FieldInfo]


def sections() -> list[SectionInfo]:
    """The sections in the order in which they are shown."""
    return [
        SectionInfo(
            title=_words(section.__name__.removesuffix("Settings")),
            sentence=(section.__doc__ or "").strip(),
            fields=section.model_fields,
        )
        for section in SECTION_CLASSES
    ]


def is_secret(name: str) -> bool:
    """Whether the setting's value must never be shown."""
    extra: Any = Config.model_fields[name].json_schema_extra
    return bool(extra["secret"])


def _words(name: str) -> str:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    for usual, right in _NAMES.items():
        apart = apart.replace(usual, right)
    return apart
