"""NVIDIA's libraries are found where they really are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from stt_app.core.whisper.cuda import add_cuda_folders, cuda_folders, libraries


def with_files(root: Path, names: Iterable[str]) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


LINUX = ["nvidia/cublas/lib/libcublas.so.12", "nvidia/cudnn/lib/libcudnn.so.9"]
WINDOWS = ["nvidia/cublas/bin/cublas64_12.dll", "nvidia/cudnn/bin/cudnn64_9.dll"]


@pytest.mark.parametrize(
    ("platform", "files", "expected"),
    [
        ("linux", LINUX, ["nvidia/cublas/lib", "nvidia/cudnn/lib"]),
        ("win32", WINDOWS, ["nvidia/cublas/bin", "nvidia/cudnn/bin"]),
        ("linux", WINDOWS, []),
        ("win32", LINUX, []),
        ("linux", ["nvidia/cu13/lib/libcublas.so.13"], ["nvidia/cu13/lib"]),
        (
            "win32",
            ["nvidia/cu13/bin/x86_64/cublas64_13.dll"],
            ["nvidia/cu13/bin/x86_64"],
        ),
        ("linux", ["nvidia/nvtx/lib/libnvtx.so.1"], []),
        ("linux", [], []),
    ],
)
def test_it_finds_what_pip_installed(
    tmp_path: Path, platform: str, files: list[str], expected: list[str]
) -> None:
    with_files(tmp_path, files)
    found = cuda_folders([], [tmp_path], {}, platform)
    assert found == [tmp_path / each for each in expected]


@pytest.mark.parametrize(
    ("platform", "file", "named"),
    [
        ("win32", "CUDA/v12/bin/cublas64_12.dll", "CUDA/v12/bin"),
        ("win32", "CUDA/v12/bin/cublas64_12.dll", "CUDA/v12"),
        ("linux", "cuda-12/lib64/libcublas.so.12", "cuda-12"),
    ],
)
def test_it_takes_the_folders_that_the_configuration_names(
    tmp_path: Path, platform: str, file: str, named: str
) -> None:
    with_files(tmp_path, [file, *LINUX, *WINDOWS])
    first, *_ = cuda_folders([tmp_path / named], [tmp_path], {}, platform)
    assert first == (tmp_path / file).parent


def test_it_leaves_out_a_named_folder_without_libraries(tmp_path: Path) -> None:
    assert cuda_folders([tmp_path, tmp_path / "gone"], [], {}, "win32") == []


def test_it_finds_the_toolkit_of_windows(tmp_path: Path) -> None:
    with_files(tmp_path, ["bin/cublas64_12.dll"])
    found = cuda_folders([], [], {"CUDA_PATH": str(tmp_path)}, "win32")
    assert found == [tmp_path / "bin"]


def test_it_names_each_folder_once(tmp_path: Path) -> None:
    with_files(tmp_path, LINUX)
    folder = tmp_path / "nvidia/cublas/lib"
    found = cuda_folders([folder, folder], [tmp_path, tmp_path], {}, "linux")
    assert found.count(folder) == 1


def test_it_loads_a_library_after_what_it_needs(tmp_path: Path) -> None:
    with_files(
        tmp_path,
        ["a/libcudnn.so.9", "b/libcublas.so.12", "b/libcublasLt.so.12"],
    )
    names = [each.name for each in libraries([tmp_path / "a", tmp_path / "b"])]
    assert names == ["libcublasLt.so.12", "libcublas.so.12", "libcudnn.so.9"]


def test_a_library_that_does_not_load_is_no_reason_to_fail(tmp_path: Path) -> None:
    with_files(tmp_path, ["libcublas.so.12"])
    assert tmp_path in add_cuda_folders([tmp_path])
