"""Finds the broken file of a model that could not be loaded."""

from __future__ import annotations

import json
from pathlib import Path

WHISPER_FILES = (
    "config.json",
    "tokenizer.json",
    "vocabulary.json",
    "vocabulary.txt",
    "preprocessor_config.json",
    "model.bin",
)


def broken_whisper_file(folder: Path) -> str:
    """Which file of a Whisper model is empty or unreadable, as the end of a sentence;
    empty when the files look well."""
    present = (folder / name for name in WHISPER_FILES)
    found = (_problem(path) for path in present if path.exists())
    return next(filter(None, found), "")


def _problem(path: Path) -> str:
    try:
        if not path.stat().st_size:
            return f"{path.name} is empty"
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return f"{path.name} cannot be read ({error.strerror})"
    except ValueError as error:
        return f"{path.name} is damaged ({error})"
    return ""
