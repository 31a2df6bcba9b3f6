"""The catalog of installed voices, read from their files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.config import TtsEngineSettings, project_dir
from common.errors import EngineFailed
from common.models.download import MAX_CONFIG_BYTES
from common.models.files import VoiceFiles, find_voices, local_voices, voice_checksums
from tts_app.core.engine import VoiceInfo

PHONEME_TYPES = ("espeak", "text")
"""With others, Piper downloads an additional model."""
RATES_HZ = range(8_000, 48_001)
MAX_SPEAKERS = 10_000
SCALES = {"noise_scale": (0.0, 2.0), "noise_w": (0.0, 2.0), "length_scale": (0.05, 10)}
"""What a voice's own scales may be; all that are published lie far inside."""
MAX_PHONEME_IDS = 10_000
MOST_HOP_SAMPLES = 4_096

_LICENCE = re.compile(r"^\W*licen[cs]e\s*:\s*(.+)$", re.IGNORECASE | re.MULTILINE)
_QUALITY = re.compile(r"-(x_low|low|medium|high)$")


class UnusableVoice(EngineFailed):
    """The files of a voice are invalid; the message says why."""


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

    def load(self) -> None:
        """Find the voices; the default one may be downloaded. Raises ModelMissing."""
        files = find_voices(self.config)
        self._take(files)
        self.default = files[0].name
        if self.default not in self.voices:
            raise UnusableVoice(self.unusable[self.default])
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

    def _take(self, files: Iterable[VoiceFiles]) -> None:
        self.voices, self.unusable = {}, {}
        for each in files:
            try:
                info = read_voice(each)
                stamp = each.onnx.stat().st_mtime_ns
                self.voices[each.name] = InstalledVoice(info, each, stamp)
            except UnusableVoice as error:
                self.unusable[each.name] = error.message

    def _folder_stamp(self) -> object:
        folder = project_dir() / Path(self.config.voices_dir).expanduser()
        try:
            folders = [folder, *(path for path in folder.iterdir() if path.is_dir())]
            return [(str(path), path.stat().st_mtime_ns) for path in folders]
        except OSError:
            return None


def read_voice(files: VoiceFiles) -> VoiceInfo:
    """The contents of the voice's .onnx.json. Raises UnusableVoice."""
    plain = _read_config(files)
    try:
        rate_hz = int(plain["audio"]["sample_rate"])
        count = int(plain["num_speakers"])
        language = str(
            plain.get("language", {}).get("code") or plain["espeak"]["voice"]
        )
        quality = str(plain["audio"].get("quality") or _quality_of(files.name))
        phonemes = str(plain.get("phoneme_type", "espeak"))
        speakers = _speakers(plain.get("speaker_id_map") or {}, count)
        problem = _wrong_value(plain)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unusable(files, f"`{error}` is missing or wrong") from error
    if problem:
        raise _unusable(files, problem)
    if rate_hz not in RATES_HZ:
        raise _unusable(files, f"its sample rate is {rate_hz}")
    if phonemes not in PHONEME_TYPES:
        raise _unusable(files, f"its phoneme type is {phonemes}")
    size_bytes = files.onnx.stat().st_size
    licence = _licence(files.onnx.parent / "MODEL_CARD")
    return VoiceInfo(
        files.name,
        language,
        quality,
        rate_hz,
        speakers,
        size_bytes,
        licence,
        files.source,
        voice_checksums(files).get(files.onnx.name, ""),
    )


def _wrong_value(plain: dict[str, Any]) -> str:
    """What in the configuration would make the voice fail, or work without end."""
    inference = plain.get("inference") or {}
    for name, (least, most) in SCALES.items():
        value = inference.get(name)
        if value is not None and not least <= float(value) <= most:
            return f"`{name}` is {value!r}, not between {least:g} and {most:g}"
    hop_length = plain.get("hop_length", 256)
    if type(hop_length) is not int or not 1 <= hop_length <= MOST_HOP_SAMPLES:
        return f"`hop_length` is {hop_length!r}"
    for phoneme, ids in (plain.get("phoneme_id_map") or {}).items():
        if not all(type(each) is int and 0 <= each < MAX_PHONEME_IDS for each in ids):
            return f"`phoneme_id_map` has wrong ids for {phoneme[:8]!r}"
    return ""


def _read_config(files: VoiceFiles) -> dict[str, Any]:
    try:
        if files.config.stat().st_size > MAX_CONFIG_BYTES:
            raise _unusable(files, "it is too large")
        plain = json.loads(files.config.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _unusable(files, f"it cannot be read: {error}") from error
    if not isinstance(plain, dict):
        raise _unusable(files, "it is not a JSON object")
    return plain


def _unusable(files: VoiceFiles, problem: str) -> UnusableVoice:
    return UnusableVoice(
        f"The voice {files.name} cannot be used: {files.config.name}: {problem}. "
        f"Install it again with: python manage.py voices download {files.name}"
    )


def _speakers(ids: dict[str, int], count: int) -> tuple[str, ...]:
    """Speaker names in the order of their numbers; empty for a single speaker."""
    if not 1 <= count <= MAX_SPEAKERS:
        raise ValueError("num_speakers")
    if count == 1:
        return ()
    names = {int(number): str(name) for name, number in ids.items()}
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
