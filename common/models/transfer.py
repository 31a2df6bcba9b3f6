"""Files of the model hub: sizes first, then resumed, checked, and moved when whole.

It uses huggingface_hub, imported on first use, so that a server that has its models
starts without it. It does not use `hf_hub_download`, which restarts after an
interruption, verifies no digest and has no size limit.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from common.models.checksums import digest_of
from common.reasons import reason_of

CHUNK_BYTES = 1 << 16
"""A retry counts as progress if the connection delivered this much."""

# huggingface_hub reads these when it is imported.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_VERBOSITY", "error")


class HubError(Exception):
    """The request to the hub failed; the message says why."""


@dataclass(frozen=True)
class RemoteFile:
    """A file on the hub, with its expected size and digest."""

    hub: str | None
    path: str
    """With repository and revision, as HfFileSystem reads it."""
    size: int
    sha256: str | None
    """SHA-256 of a large file; a small one has its git digest."""
    git_sha1: str | None


@dataclass(frozen=True)
class Progress:
    """How far a download has come."""

    done_bytes: int
    total_bytes: int


def listed_files(repository: str, hub: str | None) -> dict[str, RemoteFile]:
    """The files of a repository's newest revision by path. Raises HubError."""
    from huggingface_hub import HfApi, constants

    with _hub_errors(f"model `{repository}`"):
        info = HfApi(endpoint=hub).model_info(
            repository, files_metadata=True, timeout=constants.HF_HUB_ETAG_TIMEOUT
        )
        return {
            each.rfilename: RemoteFile(
                hub,
                f"{repository}@{info.sha}/{each.rfilename}",
                each.size,
                each.lfs.sha256 if each.lfs else None,
                each.blob_id,
            )
            for each in info.siblings or []
            if each.size is not None
        }


def read_file(file: RemoteFile, what: str, most_bytes: int) -> bytes:
    """The content of a small file. Raises HubError."""
    if file.size > most_bytes:
        raise HubError(f"the {what} is larger than {most_bytes / 1e6:g} MB")
    with _hub_errors(what), _opened(file) as remote:
        return bytes(remote.read(file.size))


def fetching(files: Mapping[str, RemoteFile], folder: Path) -> Iterator[Progress]:
    """Download files into `folder`, in order and under their keys; yields progress.
    Raises HubError and OSError. A partial file stays for the next attempt, even if the
    loop is left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _require_space(files, folder)
    total = sum(file.size for file in files.values())
    done = 0
    for name, file in files.items():
        with FileLock(folder / f".{name}.lock"):
            for there in _fetching_one(file, folder / name):
                yield Progress(done + there, total)
        done += file.size
        yield Progress(done, total)


_shown = threading.Event()


def download_is_shown() -> bool:
    """Whether a progress bar has the terminal's last line."""
    return _shown.is_set()


def show_progress(steps: Iterable[Progress], title: str) -> None:
    """Run a download with a progress bar if there is a terminal."""
    from tqdm import tqdm

    _shown.set()
    try:
        with tqdm(desc=title, unit="B", unit_scale=True, disable=None) as bar:
            for step in steps:
                bar.total = step.total_bytes
                bar.update(step.done_bytes - bar.n)
    finally:
        _shown.clear()


def _fetching_one(file: RemoteFile, target: Path) -> Iterator[int]:
    if _size(target) == file.size:
        return
    partial = _partial(target)
    with _hub_errors(target.name):
        yield from _transfer(file, partial)
    if damage := _damage(file, partial):
        partial.unlink()
        raise HubError(f"{target.name} is damaged after the download: {damage}")
    partial.replace(target)


def _transfer(file: RemoteFile, partial: Path) -> Iterator[int]:
    """Resumes a partial file; the library reconnects after a lost connection."""
    is_ours = (_size(partial) or 0) <= file.size
    with partial.open("ab" if is_ours else "wb") as output, _opened(file) as remote:
        # A streamed file cannot seek, but it requests the bytes after `loc`.
        remote.loc = output.tell()
        while output.tell() < file.size and (chunk := remote.read(CHUNK_BYTES)):
            output.write(chunk)
            yield output.tell()


def _opened(file: RemoteFile) -> Any:
    from huggingface_hub import HfFileSystem

    return HfFileSystem(endpoint=file.hub).open(file.path, block_size=0)


def _damage(file: RemoteFile, partial: Path) -> str:
    from huggingface_hub.utils.sha import git_hash

    if (got := _size(partial)) != file.size:
        return f"{got} bytes instead of {file.size}"
    if file.sha256:
        whole = digest_of(partial) == file.sha256
    else:
        whole = file.git_sha1 in (None, git_hash(partial.read_bytes()))
    return "" if whole else "its checksum is wrong"


def _require_space(files: Mapping[str, RemoteFile], folder: Path) -> None:
    needed = sum(
        file.size - (_size(_partial(folder / name)) or 0)
        for name, file in files.items()
        if _size(folder / name) != file.size
    )
    if needed > (free := shutil.disk_usage(folder).free):
        raise HubError(
            f"{needed / 1e6:.0f} MB to download, but only {free / 1e6:.0f} MB are free in {folder}"
        )


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _partial(target: Path) -> Path:
    return target.with_name(f".{target.name}.partial")


@contextmanager
def _hub_errors(what: str) -> Iterator[None]:
    """Converts the library's exceptions to HubError with a short message."""
    from httpx2 import HTTPError
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except HfHubHTTPError as error:
        answer = error.response
        host, status = answer.request.url.host, answer.status_code
        refused = f"{host} answered {status} for {what}"
        if status in (401, 403, 404):
            refused = f"{host} has no {what} for you (HTTP {status}); a gated one needs HF_TOKEN"
        raise HubError(refused) from error
    except HTTPError as error:
        host = error.request.url.host
        raise HubError(
            f"the connection to {host} failed ({reason_of(error)})"
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        raise HubError(f"the hub sent no usable data about {what}") from error
