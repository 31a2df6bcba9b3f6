"""A recording on its way to disk: hashed, bounded, and never whole in memory."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Protocol

import httpx
from django.conf import settings

from common.errors import BadRequest, BadValue, TooLarge
from common.remote.certificates import trusted_certificates
from compat_app.deepgram.wav import HEADER_BYTES, RIFF, WavFormat

_PIECE_BYTES = 64 * 1024
_FETCH_SECONDS = 300.0
_SILENT_SECONDS = 30.0


class Readable(Protocol):
    """A request's body."""

    def read(self, size: int, /) -> bytes: ...


class StoredRecording:
    """A temporary file with the recording, deleted with the context.

    Audio without a container is stored as WAV; `raw` is its format.
    """

    def __init__(self, limit_bytes: int, raw: WavFormat | None = None) -> None:
        self._limit_bytes = limit_bytes
        self._raw = raw
        self._sha256 = hashlib.sha256()
        self._received = 0

    def __enter__(self) -> StoredRecording:
        self._file = tempfile.NamedTemporaryFile(
            prefix="recording-", dir=settings.FILE_UPLOAD_TEMP_DIR
        )
        self.path = Path(self._file.name)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def sha256(self) -> str:
        """Of the bytes as they came."""
        return self._sha256.hexdigest()

    async def take(self, body: Readable) -> None:
        """Store a body. Raises TooLarge, or BadRequest if it is empty or breaks off."""
        try:
            await asyncio.to_thread(self._copy, body)
        except OSError as error:
            raise BadRequest("The body cannot be read.") from error
        self._finish()

    async def fetch(self, url: str) -> None:
        """Store what is at this address. Raises TooLarge, or BadValue if it fails."""
        try:
            async with asyncio.timeout(_FETCH_SECONDS):
                await self._download(url)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise BadValue(
                "The recording could not be fetched from `url`.", field="url"
            ) from error
        self._finish()

    def _copy(self, body: Readable) -> None:
        while piece := body.read(_PIECE_BYTES):
            self._write(piece)

    async def _download(self, url: str) -> None:
        async with (
            httpx.AsyncClient(
                timeout=_SILENT_SECONDS,
                follow_redirects=True,
                verify=trusted_certificates(trust_env=True),
            ) as client,
            client.stream("GET", url) as response,
        ):
            response.raise_for_status()
            async for piece in response.aiter_bytes(_PIECE_BYTES):
                self._write(piece)

    def _write(self, piece: bytes) -> None:
        if not self._received:
            self._begin(piece)
        self._received += len(piece)
        if self._received > self._limit_bytes:
            raise TooLarge(
                f"A recording may have at most {self._limit_bytes / 1e6:g} MB."
            )
        self._sha256.update(piece)
        self._file.write(piece)

    def _begin(self, piece: bytes) -> None:
        """Leave room for the header of raw audio, unless it has one in spite of that."""
        if self._raw is not None and piece.startswith(RIFF):
            self._raw = None
        if self._raw is not None:
            self._file.write(bytes(HEADER_BYTES))

    def _finish(self) -> None:
        if not self._received:
            raise BadRequest("The request needs a recording as its body.")
        if self._raw is not None:
            self._file.seek(0)
            self._file.write(self._raw.header(self._received))
        self._file.flush()
