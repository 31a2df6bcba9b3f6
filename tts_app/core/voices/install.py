"""Installs a new voice: validates its files, tests it, then moves it into place."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from common.errors import BadValue, EngineFailed
from common.models.checksums import keep_checksums
from common.models.files import VoiceFiles
from common.workers.brief import brief_worker
from tts_app.core.engine import VoiceInfo
from tts_app.core.piper.catalog import UnusableVoice, read_voice
from tts_app.core.piper.worker import PiperOptions

CHECK_TIMEOUT_SECONDS = 60.0
CHECK_MEMORY_MB = 1_000
"""Address space that the test of a voice may take, besides MEMORY_OF_SIZE times the
size of its model: a large voice of 110 MB stays below 700 MB of resident memory."""
MEMORY_OF_SIZE = 8


def examine(files: VoiceFiles) -> VoiceInfo:
    """Read and validate the voice's files. Raises BadValue."""
    try:
        return read_voice(files, is_new=True)
    except UnusableVoice as error:
        sentence = f"{error.problem[:1].upper()}{error.problem[1:]}."
        raise BadValue(sentence, field=error.field) from error


async def hear(files: VoiceFiles) -> None:
    """Let the voice speak in a process that may crash. Raises BadValue."""
    options = PiperOptions(
        onnx=str(files.onnx), config=str(files.config), threads=1, max_voices=1
    )
    # A graph of a few bytes may ask for any amount of memory.
    memory_limit_mb = CHECK_MEMORY_MB + MEMORY_OF_SIZE * _size_mb(files.onnx)
    try:
        # A worker speaks a few sentences before it says that it is loaded.
        async with brief_worker(
            "voice check",
            "tts_app.core.piper.worker:PiperWorker",
            options,
            start_timeout_seconds=CHECK_TIMEOUT_SECONDS,
            memory_limit_mb=memory_limit_mb,
        ):
            pass
    except EngineFailed as error:
        raise BadValue(
            f"The voice cannot speak a test sentence: {error.message}", field="onnx"
        ) from error


def _size_mb(path: Path) -> int:
    return path.stat().st_size // 1_000_000 + 1


def keep(files: VoiceFiles, target: Path) -> None:
    """Move the voice's folder to `target`, with the checksums of its files.

    Raises OSError when it cannot be moved.
    """
    keep_checksums(files.onnx)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        files.onnx.parent.rename(target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.ENOTEMPTY, errno.EEXIST):
            raise
        _move_each(files, target)


def _move_each(files: VoiceFiles, target: Path) -> None:
    """Move to another disk, or into a folder with leftovers of an earlier attempt. The
    configuration goes last: without it the model does not count as a voice.
    """
    target.mkdir(exist_ok=True)
    folder = files.onnx.parent
    names = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    for name in sorted(names, key=lambda name: name == files.config.name):
        arriving = target / f".{name}.arriving"
        shutil.move(folder / name, arriving)
        arriving.replace(target / name)
    shutil.rmtree(folder, ignore_errors=True)
