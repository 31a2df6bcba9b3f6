"""The configuration: declared once in `sections`, read by `loading`."""

from __future__ import annotations

from common.config.loading import (
    ConfigError,
    LoadedConfig,
    Origin,
    load_config,
    project_dir,
)
from common.config.sections import Config, SectionInfo, sections

__all__ = [
    "Config",
    "ConfigError",
    "LoadedConfig",
    "Origin",
    "SectionInfo",
    "load_config",
    "project_dir",
    "sections",
]
