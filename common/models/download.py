"""Downloads Whisper models and Piper voices from the model hub, checked and resumable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from common.errors import ModelMissing
from common.models.checksums import CARD, keep_checksums
from common.models.names import WHISPER_HUB_IDS, hub_id, nearest
from common.models.transfer import (
    HubError,
    RemoteFile,
    fetch,
    fetching,
    get_json,
    hub_address,
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
MAX_CONFIG_BYTES = 4_000_000
"""Of a voice's .onnx.json; that of a voice with 900 speakers has 20 kB."""
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
            f"Known are {', '.join(known)} and any hub id (`owner/name`)."
        )
    folder = models_dir / identity.replace("/", "--")
    hub = hub or hub_address()
    log.info("downloading whisper model", name=name, hub=hub, folder=str(folder))
    try:
        files = _whisper_files(identity, hub)
        for file in files:
            fetch(file, folder / file.name)
    except (HubError, OSError) as error:
        raise ModelMissing(
            f"Whisper model `{name}` could not be downloaded: {error}. Run "
            f"`python manage.py models download {name}` when the network is there, "
            f"or copy the model's files into {folder}."
        ) from error
    return folder


def _whisper_files(identity: str, hub: str) -> list[RemoteFile]:
    """What to fetch, the weights last so that a model.bin means complete."""
    info = get_json(f"{hub}/api/models/{identity}?blobs=true", f"model `{identity}`")
    offered = {entry["rfilename"]: entry for entry in info.get("siblings", [])}
    if "model.bin" not in offered:
        raise HubError(f"{identity} is not a CTranslate2 model (it has no model.bin)")
    revision = info.get("sha") or "main"
    return [
        RemoteFile(
            name=name,
            url=f"{hub}/{identity}/resolve/{revision}/{name}",
            size=offered[name].get("size"),
            digest=("sha256", digest) if (digest := _sha256(offered[name])) else None,
        )
        for name in WHISPER_FILES
        if name in offered
    ]


def _sha256(entry: dict[str, Any]) -> str | None:
    return (entry.get("lfs") or {}).get("sha256")


@dataclass(frozen=True)
class PublishedVoice:
    """A voice of the hub, as a person chooses it."""

    name: str
    language: str
    """In English words."""
    size_bytes: int
    speakers: int


@dataclass(frozen=True)
class Progress:
    """How far a voice has come; a total of 0 is not known."""

    done_bytes: int
    total_bytes: int


def voice_catalog(hub: str | None = None) -> dict[str, dict[str, Any]]:
    """Every published voice by name, as voices.json describes it. Raises ModelMissing."""
    hub = hub or hub_address()
    try:
        listing = get_json(
            f"{hub}/{VOICES_REPOSITORY}/resolve/main/voices.json", "voice list"
        )
        if not isinstance(listing, dict):
            raise HubError("the voice list is not a JSON object")
    except HubError as error:
        raise ModelMissing(
            f"The list of Piper voices could not be read: {error}. Copy a voice's "
            ".onnx and .onnx.json files into `voices_dir` instead."
        ) from error
    # A name becomes a folder, so what is no name of a voice is no voice.
    return {
        name: entry
        for name, entry in listing.items()
        if is_voice_name(name) and isinstance(entry, dict)
    }


def published_voices(hub: str | None = None) -> list[PublishedVoice]:
    """The published voices by name. Raises ModelMissing."""
    catalog = voice_catalog(hub)
    return [_published(name, entry) for name, entry in sorted(catalog.items())]


def _published(name: str, entry: dict[str, Any]) -> PublishedVoice:
    language = _part(entry, "language")
    words = [language.get(key) for key in ("name_english", "country_english")]
    facts = [each for each in _part(entry, "files").values() if isinstance(each, dict)]
    return PublishedVoice(
        name,
        " ".join(str(word) for word in words if word) or name.partition("-")[0],
        sum(_whole(each.get("size_bytes")) for each in facts),
        _whole(entry.get("num_speakers")) or 1,
    )


def download_voice(name: str, voices_dir: Path, hub: str | None = None) -> Path:
    """Fetch a Piper voice into a folder of its own; gives its .onnx. Raises ModelMissing.

    The checksums of its files are kept beside it.
    """
    folder = voices_dir / name
    onnx = folder / f"{name}.onnx"
    log.info("downloading voice", name=name, folder=str(folder))
    with _failing(name, f"with `python manage.py voices download {name}`"):
        for file in _voice_files(name, hub or hub_address()):
            fetch(file, folder / file.name)
        keep_checksums(onnx)
    return onnx


def fetching_voice(
    name: str, voices_dir: Path, hub: str | None = None, most_bytes: int | None = None
) -> Iterator[Progress]:
    """As `download_voice`, telling how far it is; leaving the loop ends it.

    A model of more than `most_bytes` is refused.
    """
    folder = voices_dir / name
    done = 0
    with _failing(name, "and it goes on with what has come"):
        files = _voice_files(name, hub or hub_address(), most_bytes)
        total = sum(file.size or 0 for file in files)
        for file in files:
            there = 0
            for there in fetching(file, folder / file.name):
                yield Progress(done + there, total)
            done += there
        keep_checksums(folder / f"{name}.onnx")


@contextmanager
def _failing(name: str, how: str) -> Iterator[None]:
    """Turns trouble with the transfer into ModelMissing, with how to try again."""
    try:
        yield
    except (HubError, OSError) as error:
        raise ModelMissing(
            f"Voice `{name}` could not be downloaded: {error}. Try again {how}."
        ) from error


def _voice_files(
    name: str, hub: str, most_bytes: int | None = None
) -> list[RemoteFile]:
    """The configuration, the licence card and, last, the weights. Raises ModelMissing."""
    catalog = voice_catalog(hub)
    if name not in catalog:
        raise ModelMissing(
            f"There is no Piper voice `{name}`.{nearest(name, list(catalog))} "
            "See `python manage.py voices list --all`."
        )
    small = MAX_CONFIG_BYTES
    kept_as = {
        ".onnx.json": (f"{name}.onnx.json", small),
        CARD: (CARD, small),
        ".onnx": (f"{name}.onnx", most_bytes),
    }
    published = _part(catalog[name], "files")
    files = [
        _remote_voice_file(hub, path, _part(published, path), kept, most)
        for ending, (kept, most) in kept_as.items()
        for path in published
        if path.endswith(ending)
    ]
    missing = [kept for kept, _ in kept_as.values() if kept != CARD]
    missing = [kept for kept in missing if kept not in {file.name for file in files}]
    if missing:
        raise HubError(f"the hub lists no {missing[0]}")
    return files


def _remote_voice_file(
    hub: str, path: str, facts: dict[str, Any], kept: str, most_bytes: int | None
) -> RemoteFile:
    md5 = facts.get("md5_digest")
    return RemoteFile(
        kept,
        f"{hub}/{VOICES_REPOSITORY}/resolve/main/{path}",
        _whole(facts.get("size_bytes")) or None,
        ("md5", str(md5)) if md5 else None,
        most_bytes,
    )


def _part(plain: dict[str, Any], key: str) -> dict[str, Any]:
    """An object inside of what the hub sent, empty when it is something else."""
    part = plain.get(key)
    return part if isinstance(part, dict) else {}


def _whole(given: Any) -> int:
    return given if isinstance(given, int) and given > 0 else 0
