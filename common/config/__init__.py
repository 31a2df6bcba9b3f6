"""The configuration: declared once in `sections`, read by `loading`."""

from __future__ import annotations

from common.config.loading import (
    ConfigError,
    LoadedConfig,
    Origin,
    load_config,
    project_dir,
)
from common.config.sections import (
    Config,
    LlmEngineSettings,
    SectionInfo,
    SttEngineSettings,
    TtsEngineSettings,
    sections,
)

__all__ = [
    "Config",
    "ConfigError",
    "LlmEngineSettings",
    "LoadedConfig",
    "Origin",
    "SectionInfo",
    "SttEngineSettings",
    "TtsEngineSettings",
    "load_config",
    "project_dir",
    "sections",
]
