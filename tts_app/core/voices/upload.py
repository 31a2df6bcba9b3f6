"""Voice uploads: received in parts, validated, tested, then installed."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from pathlib import Path
from uuid import uuid4

from common.config import Config, project_dir
from common.errors import BadValue, NotFound, TooLarge
from common.models.download import MAX_CONFIG_BYTES
from common.models.files import VoiceFiles
from tts_app.core.engine import VoiceInfo
from tts_app.core.voices.install import examine, hear, keep

STALE_SECONDS = 3_600.0
MOST_AT_ONCE = 8

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_ID = re.compile(r"[0-9a-f]{32}")


class VoiceUploads:
    """Open uploads, each in its own folder until it is complete."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._folder = project_dir() / Path(config.data_dir).expanduser() / "uploads"
        self._voices = project_dir() / Path(config.voices_dir).expanduser()
        self._most_bytes = config.voice_upload_max_mb * 1_000_000

    def begin(self) -> str:
        """The id of a new upload. Raises TooLarge if too many are open."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for folder in self._folder.iterdir():
            if time.time() - folder.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
        if len(list(self._folder.iterdir())) >= MOST_AT_ONCE:
            raise TooLarge(f"{MOST_AT_ONCE} uploads are already open; try again later.")
        upload = uuid4().hex
        (self._folder / upload).mkdir()
        return upload

    def add(self, upload: str, kind: str, offset: int, data: bytes) -> None:
        """The next part of one file; `kind` is `onnx` or `config`. Raises BadValue."""
        path = self._part(upload, kind)
        has = path.stat().st_size if path.is_file() else 0
        if offset != has:
            raise BadValue(f"`offset` must be {has}, not {offset}.", field="offset")
        most = self._most_bytes if kind == "onnx" else MAX_CONFIG_BYTES
        if has + len(data) > most:
            raise TooLarge(
                f"The {kind} file is larger than {most / 1e6:g} MB"
                f"{' (`voice_upload_max_mb`)' if kind == 'onnx' else ''}.",
                field=kind,
            )
        with path.open("ab") as file:
            file.write(data)

    def discard(self, upload: str) -> None:
        """Delete the upload."""
        shutil.rmtree(self._of(upload), ignore_errors=True)

    async def finish(self, upload: str, name: str) -> VoiceInfo:
        """Validate, test and install the voice. Raises BadValue with the reason."""
        if not _NAME.fullmatch(name):
            raise BadValue(
                "`name` may have up to 100 letters, digits, `_`, `-` and `.`.",
                field="name",
            )
        target = self._voices / name
        if target.exists():
            raise BadValue(f"A voice `{name}` already exists.", field="name")
        files = await asyncio.to_thread(self._named, upload, name)
        info = await asyncio.to_thread(examine, files)
        await hear(files)
        await asyncio.to_thread(keep, files, target)
        return info

    def _named(self, upload: str, name: str) -> VoiceFiles:
        """The two files under the voice's name. Raises BadValue when one is missing."""
        folder = self._of(upload)
        onnx, config = folder / f"{name}.onnx", folder / f"{name}.onnx.json"
        for kind, path in (("onnx", onnx), ("config", config)):
            part = self._part(upload, kind)
            if part.is_file():
                part.replace(path)
            elif not path.is_file():
                raise BadValue(f"The {kind} file is missing.", field=kind)
        return VoiceFiles(name, onnx, config, "folder")

    def _of(self, upload: str) -> Path:
        folder = self._folder / upload
        if not _ID.fullmatch(upload) or not folder.is_dir():
            raise NotFound("There is no such upload; start again.", field="upload")
        return folder

    def _part(self, upload: str, kind: str) -> Path:
        if kind not in ("onnx", "config"):
            raise BadValue("`kind` must be onnx or config.", field="kind")
        return self._of(upload) / f"{kind}.part"
