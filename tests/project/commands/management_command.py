"""Runs `manage.py` as a person would, with folders and a hub of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from common.config import project_dir


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    output: str
    errors: str

    def check_refusal(self, sentence: str) -> None:
        """It ended with this sentence for a person, not with a traceback."""
        assert self.code == 1
        assert sentence in self.errors
        assert "Traceback" not in self.errors


def manage(folder: Path, hub: str, *arguments: str, **settings: str) -> Ran:
    """Run a command whose models, voices, caches and data lie in `folder`."""
    environment = {
        **os.environ,
        "CONFIG_PATH": str(project_dir() / "config.yaml"),
        "MODELS_DIR": str(folder / "models"),
        "VOICES_DIR": str(folder / "voices"),
        "CACHE_DIR": str(folder / "cache"),
        "DATA_DIR": str(folder / "data"),
        "HF_HOME": str(folder / "hub-cache"),
        "HF_ENDPOINT": hub,
        **settings,
    }
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=project_dir(),
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
