"""One file from the hub: progress bar, resume, size and digest checked, moved when whole."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from filelock import FileLock
from tqdm import tqdm

from common.models.checksums import digest_of

TRIES = 4
TIMEOUT = httpx.Timeout(60.0, connect=15.0)
CHUNK_BYTES = 1 << 18
MAX_JSON_BYTES = 50_000_000


class HubError(Exception):
    """The hub did not give what was asked for; the message says why."""


@dataclass(frozen=True)
class RemoteFile:
    """A file on the hub and what it must turn out to be."""

    name: str
    url: str
    size: int | None
    digest: tuple[str, str] | None
    """Algorithm and hexadecimal digest."""
    most_bytes: int | None = None
    """A larger one is refused, whatever was announced."""


def hub_address() -> str:
    """The hub, or the mirror that HF_ENDPOINT names."""
    from huggingface_hub import constants

    return str(constants.ENDPOINT).rstrip("/")


def get_json(url: str, what: str) -> Any:
    """A JSON document from the hub. Raises HubError."""
    try:
        with httpx.stream(
            "GET", url, headers=_headers(), follow_redirects=True, timeout=TIMEOUT
        ) as response:
            _refuse_bad_status(response, what)
            body = _read_bounded(response, what)
    except httpx.HTTPError as error:
        raise HubError(f"{_host(url)} cannot be reached ({error})") from error
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HubError(f"{_host(url)} sent no JSON for {what}") from error


def _read_bounded(response: httpx.Response, what: str) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_JSON_BYTES:
            raise HubError(f"{_host(str(response.url))} sent far too much for {what}")
    return bytes(body)


def fetch(file: RemoteFile, target: Path) -> None:
    """Bring the file to `target`, with a bar on a terminal. Raises HubError."""
    with _progress(file) as bar:
        for there in fetching(file, target):
            bar.update(there - bar.n)


def fetching(file: RemoteFile, target: Path) -> Iterator[int]:
    """How many bytes are there, again and again until the file is at `target`.

    Raises HubError. What came stays for the next try, also when the loop is left.
    """
    if file.most_bytes is not None and (file.size or 0) > file.most_bytes:
        raise HubError(_too_large(file))
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(f".{target.name}.lock")):
        if not target.is_file() or file.size not in (None, target.stat().st_size):
            partial = target.with_name(f".{target.name}.partial")
            yield from _transfer_with_resume(file, partial)
            _check(file, partial)
            partial.replace(target)
        yield target.stat().st_size


def _transfer_with_resume(file: RemoteFile, partial: Path) -> Iterator[int]:
    """A dropped connection goes on where it stopped, a few times."""
    for tries_left in reversed(range(TRIES)):
        try:
            yield from _transfer(file, partial)
            return
        except httpx.TransportError as error:
            if not tries_left:
                raise HubError(f"{_host(file.url)} broke off ({error})") from error


def _transfer(file: RemoteFile, partial: Path) -> Iterator[int]:
    had = partial.stat().st_size if partial.is_file() else 0
    if file.size is not None and had == file.size:
        return
    ranged = {"Range": f"bytes={had}-"} if had else {}
    headers = {**_headers(), **ranged, "Accept-Encoding": "identity"}
    with httpx.stream(
        "GET", file.url, headers=headers, follow_redirects=True, timeout=TIMEOUT
    ) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            partial.unlink()  # longer than the file itself: it was another one
            raise httpx.ReadError("the part that was there did not fit")
        _refuse_bad_status(response, file.name)
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        there = had if resumed else 0
        with partial.open("ab" if resumed else "wb") as output:
            for chunk in response.iter_bytes(CHUNK_BYTES):
                output.write(chunk)
                there += len(chunk)
                yield there
                if there > _limit(file):
                    return  # more than can be right, and perhaps without an end


def _limit(file: RemoteFile) -> float:
    return min(
        each if each is not None else math.inf for each in (file.size, file.most_bytes)
    )


def _too_large(file: RemoteFile) -> str:
    return f"{file.name} is larger than {(file.most_bytes or 0) / 1e6:g} MB"


@contextmanager
def _progress(file: RemoteFile) -> Iterator[Any]:
    """A bar on a terminal, nothing elsewhere."""
    with tqdm(
        total=file.size,
        desc=file.name,
        unit="B",
        unit_scale=True,
        disable=None,
    ) as bar:
        yield bar


def _check(file: RemoteFile, partial: Path) -> None:
    """A file that is not what the hub announced is thrown away."""
    got = partial.stat().st_size
    problem = ""
    if file.most_bytes is not None and got > file.most_bytes:
        partial.unlink()
        raise HubError(_too_large(file))
    if file.size is not None and got != file.size:
        problem = f"{got} bytes instead of {file.size}"
    elif file.digest and digest_of(partial, file.digest[0]) != file.digest[1]:
        problem = f"its {file.digest[0].upper()} is wrong"
    if problem:
        partial.unlink()
        raise HubError(f"{file.name} arrived damaged: {problem}")


def _headers() -> dict[str, str]:
    """The hub's token, when the user has one, opens gated models."""
    from huggingface_hub import get_token

    token = get_token()
    return {"Authorization": f"Bearer {token}"} if token else {}


def _refuse_bad_status(response: httpx.Response, what: str) -> None:
    host = _host(str(response.request.url))
    if response.status_code in (401, 403, 404):
        raise HubError(
            f"{host} has no {what} for you (HTTP {response.status_code}); "
            "a gated one needs HF_TOKEN"
        )
    if response.is_error:
        raise HubError(f"{host} answered {response.status_code} for {what}")


def _host(url: str) -> str:
    return httpx.URL(url).host
