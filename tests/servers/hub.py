"""A model hub for tests: the addresses and answers of the real one, over real HTTP."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VOICES = "rhasspy/piper-voices"
STALL_SECONDS = 60.0


@dataclass
class Hub:
    """What the hub offers, how it misbehaves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    """Content by `owner/name/file`."""
    breaks: list[int] = field(default_factory=list)
    """After how many bytes the next longer answers are cut off, one after the other."""
    stall_after_bytes: int | None = None
    """Send so much of a longer answer, and the rest when `released` is set."""
    released: threading.Event = field(default_factory=threading.Event)
    damaged: str = ""
    """Of the file with this end the hub tells another file's digest."""
    claimed_sizes: dict[str, int] = field(default_factory=dict)
    """What is told of files by `owner/name/file`, instead of the truth."""
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def add(self, repository: str, **contents: bytes) -> None:
        self.files |= {f"{repository}/{name}": data for name, data in contents.items()}

    def model(self, repository: str) -> dict[str, Any] | None:
        """The answer of /api/models/ for one repository."""
        names = [n for n in self.files if n.startswith(f"{repository}/")]
        if not names:
            return None
        siblings = [self._sibling(n, n[len(repository) + 1 :]) for n in names]
        return {"id": repository, "sha": "abc123", "siblings": siblings}

    def _sibling(self, path: str, name: str) -> dict[str, Any]:
        data = self.files[path]
        size = self.claimed_sizes.get(path, len(data))
        if self.damaged and name.endswith(self.damaged):
            data = b"another file"
        entry = {"rfilename": name, "size": size, "blobId": _git_digest(data)}
        if name.endswith((".bin", ".onnx")):
            digest = hashlib.sha256(data).hexdigest()
            entry["lfs"] = {"sha256": digest, "size": size, "pointerSize": 134}
        return entry

    def add_voice(self, name: str, onnx: bytes, config: bytes = b"{}") -> None:
        """A voice, and its entry in voices.json."""
        language, speaker, quality = name.split("-")
        folder = f"{language[:2]}/{language}/{speaker}/{quality}"
        contents = {
            f"{folder}/{name}.onnx": onnx,
            f"{folder}/{name}.onnx.json": config,
            f"{folder}/MODEL_CARD": b"* License: CC0\n",
        }
        listing = json.loads(self.files.get(f"{VOICES}/voices.json", b"{}"))
        listing[name] = {
            "key": name,
            "language": {"name_english": "German", "country_english": "Germany"},
            "num_speakers": 1,
            "files": {path: {} for path in contents},
        }
        self.add(VOICES, **contents, **{"voices.json": json.dumps(listing).encode()})


def _git_digest(data: bytes) -> str:
    """As `git hash-object` gives it."""
    whole = b"blob %d\0" % len(data) + data
    return hashlib.sha1(whole, usedforsecurity=False).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].strip("/")
        self.hub.requests.append((path, dict(self.headers)))
        if path.startswith("api/models/"):
            name = path.removeprefix("api/models/").partition("/revision/")[0]
            found = self.hub.model(name)
            self._json(found) if found else self._refuse(401)
            return
        owner_name, _, revision_file = path.partition("/resolve/")
        data = self.hub.files.get(f"{owner_name}/{revision_file.partition('/')[2]}")
        self._send(data) if data is not None else self._refuse(404)

    def _json(self, plain: Any) -> None:
        self._send(json.dumps(plain).encode())

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, data: bytes) -> None:
        start = int(self.headers.get("Range", "bytes=0-")[6:].rstrip("-"))
        if start >= len(data) > 0:
            self._refuse(416)
            return
        rest = data[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if self.hub.breaks and len(rest) > self.hub.breaks[0]:
            self.wfile.write(rest[: self.hub.breaks.pop(0)])
            self.close_connection = True
            return
        stall = self.hub.stall_after_bytes
        if stall is not None and len(rest) > stall:
            self.wfile.write(rest[:stall])
            self.hub.released.wait(STALL_SECONDS)
            rest = rest[stall:]
        # Who has lost patience reads no more.
        with suppress(ConnectionError):
            self.wfile.write(rest)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub on a free port, until the block ends."""
    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        hub.url = f"http://127.0.0.1:{server.server_port}"
        serve = partial(server.serve_forever, poll_interval=0.02)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield hub
        hub.released.set()
        server.shutdown()
        thread.join()
