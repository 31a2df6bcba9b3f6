"""The short names of Whisper models, and their hub ids."""

from __future__ import annotations

import difflib

WHISPER_HUB_IDS = {
    "tiny.en": "Systran/faster-whisper-tiny.en",
    "tiny": "Systran/faster-whisper-tiny",
    "base.en": "Systran/faster-whisper-base.en",
    "base": "Systran/faster-whisper-base",
    "small.en": "Systran/faster-whisper-small.en",
    "small": "Systran/faster-whisper-small",
    "medium.en": "Systran/faster-whisper-medium.en",
    "medium": "Systran/faster-whisper-medium",
    "large-v1": "Systran/faster-whisper-large-v1",
    "large-v2": "Systran/faster-whisper-large-v2",
    "large-v3": "Systran/faster-whisper-large-v3",
    "large": "Systran/faster-whisper-large-v3",
    "distil-large-v2": "Systran/faster-distil-whisper-large-v2",
    "distil-medium.en": "Systran/faster-distil-whisper-medium.en",
    "distil-small.en": "Systran/faster-distil-whisper-small.en",
    "distil-large-v3": "Systran/faster-distil-whisper-large-v3",
    "distil-large-v3.5": "distil-whisper/distil-large-v3.5-ct2",
    "large-v3-turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    "turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
}


def hub_id(name: str) -> str | None:
    """The hub id of a Whisper model; None if there is no such model."""
    if name.count("/") == 1 and all(name.split("/")):
        return name
    return WHISPER_HUB_IDS.get(name.removeprefix("faster-whisper-"))


def folder_names(name: str) -> list[str]:
    """The folder names that a model may have in `models_dir`."""
    full = hub_id(name) or name
    names = [name, full.rsplit("/", 1)[-1], full.replace("/", "--")]
    plain = [candidate for candidate in names if "/" not in candidate]
    return list(dict.fromkeys(plain))


def nearest(name: str, known: list[str]) -> str:
    """ " Did you mean ...?", or nothing when no known name is close."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f" Did you mean `{close[0]}`?" if close else ""
