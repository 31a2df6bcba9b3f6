"""Downloads Whisper models and Piper voices from the model hub, checked and resumable."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import structlog

from common.checksums import keep_checksums
from common.errors import ModelMissing
from common.model_names import WHISPER_HUB_IDS, hub_id, nearest
from common.model_transfer import HubError, RemoteFile, fetch, get_json, hub_address

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
VOICE_NAME = re.compile(
    r"[a-z]{2,3}_([A-Z]{2}|[0-9]{3})-[^-/\\]+-(x_low|low|medium|high)"
)


def is_voice_name(name: str) -> bool:
    """Whether this could be a published voice: `en_US-lessac-medium`."""
    return VOICE_NAME.fullmatch(name) is not None


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


def voice_catalog(hub: str | None = None) -> dict[str, dict[str, Any]]:
    """Every published voice by name, as voices.json describes it. Raises ModelMissing."""
    hub = hub or hub_address()
    try:
        listing: dict[str, dict[str, Any]] = get_json(
            f"{hub}/{VOICES_REPOSITORY}/resolve/main/voices.json", "voice list"
        )
    except HubError as error:
        raise ModelMissing(
            f"The list of Piper voices could not be read: {error}. Copy a voice's "
            ".onnx and .onnx.json files into `voices_dir` instead."
        ) from error
    return listing


def download_voice(name: str, voices_dir: Path, hub: str | None = None) -> Path:
    """Fetch a Piper voice into a folder of its own; gives its .onnx. Raises ModelMissing.

    The checksums of its files are kept beside it.
    """
    hub = hub or hub_address()
    catalog = voice_catalog(hub)
    if name not in catalog:
        raise ModelMissing(
            f"There is no Piper voice `{name}`.{nearest(name, list(catalog))} "
            "See `python manage.py voices list --all`."
        )
    folder = voices_dir / name
    onnx = folder / f"{name}.onnx"
    log.info("downloading voice", name=name, hub=hub, folder=str(folder))
    try:
        for file in _voice_files(name, catalog[name], hub):
            fetch(file, folder / file.name)
        keep_checksums(onnx)
    except (HubError, OSError) as error:
        raise ModelMissing(
            f"Voice `{name}` could not be downloaded: {error}. Try again with "
            f"`python manage.py voices download {name}`."
        ) from error
    return onnx


def _voice_files(name: str, entry: dict[str, Any], hub: str) -> list[RemoteFile]:
    """The configuration, the licence card and, last, the weights."""
    kept_as = {".onnx.json": f"{name}.onnx.json", "MODEL_CARD": "MODEL_CARD"}
    kept_as[".onnx"] = f"{name}.onnx"
    files = []
    for ending, kept in kept_as.items():
        for path, facts in entry.get("files", {}).items():
            if path.endswith(ending):
                url = f"{hub}/{VOICES_REPOSITORY}/resolve/main/{path}"
                md5 = facts.get("md5_digest")
                digest = ("md5", md5) if md5 else None
                files.append(RemoteFile(kept, url, facts.get("size_bytes"), digest))
    return files
