"""Downloads Whisper models and Piper voices from the model hub."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from common.errors import ModelMissing
from common.models.checksums import CARD, keep_checksums
from common.models.names import WHISPER_HUB_IDS, hub_id, nearest
from common.models.transfer import (
    HubError,
    Progress,
    RemoteFile,
    fetching,
    listed_files,
    read_file,
    show_progress,
)

log = structlog.get_logger(__name__)

WHISPER_FILES = (
    "config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "vocabulary.json",
    "vocabulary.txt",
    "model.bin",
)
VOICES_REPOSITORY = "rhasspy/piper-voices"
MAX_LIST_BYTES = 50_000_000
MAX_CONFIG_BYTES = 4_000_000
"""Maximum size of a voice's .onnx.json; with 900 speakers it has 20 kB."""
VOICE_NAME = re.compile(
    r"[a-z]{2,3}_([A-Z]{2}|[0-9]{3})-[^-/\\]+-(x_low|low|medium|high)"
)


def is_voice_name(name: str) -> bool:
    """Whether this could be a published voice: `en_US-lessac-medium`."""
    return name.isprintable() and VOICE_NAME.fullmatch(name) is not None


def download_whisper(name: str, models_dir: Path, hub: str | None = None) -> Path:
    """Fetch a Whisper model into `models_dir`. Raises ModelMissing."""
    identity = hub_id(name)
    if identity is None:
        known = list(WHISPER_HUB_IDS)
        raise ModelMissing(
            f"There is no Whisper model `{name}`.{nearest(name, known)} "
            f"Known: {', '.join(known)}, and any hub id (`owner/name`)."
        )
    folder = models_dir / identity.replace("/", "--")
    log.info("downloading whisper model", name=name, folder=str(folder))
    try:
        show_progress(fetching(_whisper_files(identity, hub), folder), name)
    except (HubError, OSError) as error:
        raise ModelMissing(
            f"Whisper model `{name}` could not be downloaded: {error}. Run "
            f"`python manage.py models download {name}` once that is fixed, "
            f"or copy the model's files into {folder}."
        ) from error
    return folder


def _whisper_files(identity: str, hub: str | None) -> dict[str, RemoteFile]:
    """The files to download. The weights come last, so model.bin means complete."""
    listed = listed_files(identity, hub)
    if "model.bin" not in listed:
        raise HubError(f"{identity} is not a CTranslate2 model (it has no model.bin)")
    return {name: listed[name] for name in WHISPER_FILES if name in listed}


@dataclass(frozen=True)
class PublishedVoice:
    """A voice of the hub, as a person chooses it."""

    name: str
    language: str
    """In English words."""
    speakers: int
    files: dict[str, RemoteFile] = field(repr=False)
    """The files by local name, the weights last."""

    @property
    def size_bytes(self) -> int:
        return sum(file.size for file in self.files.values())


def published_voices(hub: str | None = None) -> list[PublishedVoice]:
    """The published voices by name. Raises ModelMissing."""
    try:
        listed = listed_files(VOICES_REPOSITORY, hub)
        if "voices.json" not in listed:
            raise HubError(f"{VOICES_REPOSITORY} has no voices.json")
        voices = json.loads(
            read_file(listed["voices.json"], "voice list", MAX_LIST_BYTES)
        )
        if not isinstance(voices, dict):
            raise HubError("the voice list is not a JSON object")
    except (HubError, OSError, ValueError, RecursionError) as error:
        raise ModelMissing(
            f"The list of Piper voices could not be read: {error}. Copy a voice's "
            ".onnx and .onnx.json files into `voices_dir` instead."
        ) from error
    # A name becomes a folder, so anything but a voice name is skipped.
    return [
        _published(name, entry, listed)
        for name, entry in sorted(voices.items())
        if is_voice_name(name) and isinstance(entry, dict)
    ]


def _published(
    name: str, entry: dict[str, Any], listed: dict[str, RemoteFile]
) -> PublishedVoice:
    language = _part(entry, "language")
    words = [language.get(key) for key in ("name_english", "country_english")]
    kept_as = {".onnx.json": f"{name}.onnx.json", CARD: CARD, ".onnx": f"{name}.onnx"}
    speakers = entry.get("num_speakers")
    return PublishedVoice(
        name,
        " ".join(str(word) for word in words if word) or name.partition("-")[0],
        speakers if isinstance(speakers, int) and speakers > 0 else 1,
        {
            kept: listed[path]
            for ending, kept in kept_as.items()
            for path in _part(entry, "files")
            if path.endswith(ending) and path in listed
        },
    )


def _part(plain: dict[str, Any], key: str) -> dict[str, Any]:
    """A JSON object in the hub's answer; empty if the value has another type."""
    part = plain.get(key)
    return part if isinstance(part, dict) else {}


def download_voice(name: str, voices_dir: Path, hub: str | None = None) -> Path:
    """Download a Piper voice into its own folder; returns its .onnx. Raises
    ModelMissing.

    Stores the checksums of its files beside it.
    """
    log.info("downloading voice", name=name, folder=str(voices_dir / name))
    show_progress(fetching_voice(name, voices_dir, hub), name)
    return voices_dir / name / f"{name}.onnx"


def fetching_voice(
    name: str, voices_dir: Path, hub: str | None = None, most_bytes: int | None = None
) -> Iterator[Progress]:
    """Like `download_voice`, but yields progress; leaving the loop cancels it.

    Raises ModelMissing when the hub has no such voice, when the download fails, and
    when the model is larger than `most_bytes`.
    """
    published = {voice.name: voice for voice in published_voices(hub)}
    if name not in published:
        raise ModelMissing(
            f"There is no Piper voice `{name}`.{nearest(name, list(published))} "
            "See `python manage.py voices list --all`."
        )
    try:
        files = published[name].files
        _refuse_unusable(name, files, most_bytes)
        yield from fetching(files, voices_dir / name)
        keep_checksums(voices_dir / name / f"{name}.onnx")
    except (HubError, OSError) as error:
        raise ModelMissing(
            f"Voice `{name}` could not be downloaded: {error}. Another try, as with "
            f"`python manage.py voices download {name}`, goes on with what has come."
        ) from error


def _refuse_unusable(
    name: str, files: dict[str, RemoteFile], most_bytes: int | None
) -> None:
    limits = {f"{name}.onnx.json": MAX_CONFIG_BYTES, f"{name}.onnx": most_bytes}
    for kept, most in limits.items():
        if kept not in files:
            raise HubError(f"the hub lists no {kept}")
        if most is not None and files[kept].size > most:
            raise HubError(f"{kept} is larger than {most / 1e6:g} MB")
