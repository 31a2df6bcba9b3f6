"""Runs `manage.py` as a person would, with folders and a hub of the test's own."""

from __future__ import annotations

from pathlib import Path

from common.config import project_dir
from tests.runner import command_server
from tests.runner.command_server import Ran

__all__ = ["Ran", "manage"]


def manage(folder: Path, hub: str, *arguments: str, **settings: str) -> Ran:
    """Run a command whose models, voices, caches and data lie in `folder`."""
    chosen = {
        "CONFIG_PATH": str(project_dir() / "config.yaml"),
        "MODELS_DIR": str(folder / "models"),
        "VOICES_DIR": str(folder / "voices"),
        "CACHE_DIR": str(folder / "cache"),
        "DATA_DIR": str(folder / "data"),
        "HF_HOME": str(folder / "hub-cache"),
        "HF_ENDPOINT": hub,
        **settings,
    }
    return command_server.manage(*arguments, **chosen)
