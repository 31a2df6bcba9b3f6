"""Finds NVIDIA's libraries where pip or an installer put them, and makes them loadable."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_LINUX_FOLDERS = ("*/lib", "cu*/lib")
_WINDOWS_FOLDERS = ("*/bin", "cu*/bin/x86_64")
_LINUX_LIBRARIES = (
    "libcudart.so*",
    "libcublasLt.so*",
    "libcublas.so*",
    "libcudnn*.so*",
)
_WINDOWS_LIBRARIES = ("cudart64*.dll", "cublas*.dll", "cudnn*.dll")


def cuda_folders(
    configured: Iterable[Path],
    site_packages: Iterable[Path],
    environment: Mapping[str, str],
    platform: str,
) -> list[Path]:
    """Folders with CUDA or cuDNN libraries, the configured ones first."""
    windows = platform == "win32"
    packaged = _WINDOWS_FOLDERS if windows else _LINUX_FOLDERS
    wanted = _WINDOWS_LIBRARIES if windows else _LINUX_LIBRARIES
    places = [_library_folder(path, wanted) for path in configured]
    for packages in site_packages:
        for pattern in packaged:
            places += sorted((packages / "nvidia").glob(pattern))
    if windows and (home := environment.get("CUDA_PATH")):
        places += [Path(home) / "bin" / "x64", Path(home) / "bin"]
    return [each for each in dict.fromkeys(places) if _holds(each, wanted)]


def libraries(folders: Iterable[Path]) -> list[Path]:
    """The shared objects in these folders, each after its dependencies."""
    return [
        found
        for pattern in _LINUX_LIBRARIES
        for folder in folders
        for found in sorted(folder.glob(pattern))
    ]


def add_cuda_folders(configured: Sequence[Path] = ()) -> list[Path]:
    """Make the libraries loadable by this process. Returns the folders added."""
    packages = [Path(entry) for entry in sys.path if entry]
    folders = cuda_folders(configured, packages, os.environ, sys.platform)
    if sys.platform == "win32":
        for folder in folders:
            os.add_dll_directory(str(folder))
        joined = [*map(str, folders), os.environ.get("PATH", "")]
        os.environ["PATH"] = os.pathsep.join(joined)
        return folders
    # The loader reads LD_LIBRARY_PATH only when a process starts; a library that
    # is loaded already is found under its name.
    for library in libraries(folders):
        try:
            ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
    return folders


def _library_folder(path: Path, wanted: Sequence[str]) -> Path:
    """A configured folder may be the toolkit's root as well as its libraries' folder."""
    inside = [path / name for name in ("bin/x64", "bin", "lib64", "lib")]
    return next((each for each in [path, *inside] if _holds(each, wanted)), path)


def _holds(folder: Path, wanted: Sequence[str]) -> bool:
    return any(next(folder.glob(pattern), None) for pattern in wanted)
