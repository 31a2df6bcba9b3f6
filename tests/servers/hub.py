"""A model hub for tests: the addresses and answers of the real one, over real HTTP."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VOICES = "rhasspy/piper-voices"
STALL_SECONDS = 60.0


@dataclass
class Hub:
    """What the hub offers, how it misbehaves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    """Content by `owner/name/file`."""
    break_after_bytes: int | None = None
    """Cut each answer off after so many bytes."""
    breaks_left: int = 0
    stall_after_bytes: int | None = None
    """Send so much of a longer answer, and the rest when `released` is set."""
    released: threading.Event = field(default_factory=threading.Event)
    wrong_digest: bool = False
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
        digest = "0" * 64 if self.wrong_digest else hashlib.sha256(data).hexdigest()
        lfs = {"lfs": {"sha256": digest, "size": len(data)}}
        return {"rfilename": name, "size": len(data), **(lfs if ".bin" in name else {})}

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
            "files": {
                path: {
                    "size_bytes": len(data),
                    "md5_digest": hashlib.md5(data, usedforsecurity=False).hexdigest(),
                }
                for path, data in contents.items()
            },
        }
        self.add(VOICES, **contents, **{"voices.json": json.dumps(listing).encode()})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].strip("/")
        self.hub.requests.append((path, dict(self.headers)))
        if path.startswith("api/models/"):
            found = self.hub.model(path.removeprefix("api/models/"))
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
        limit = self.hub.break_after_bytes
        if limit is not None and len(rest) > limit and self.hub.breaks_left:
            self.hub.breaks_left -= 1
            self.wfile.write(rest[:limit])
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
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield hub
        hub.released.set()
        server.shutdown()
        thread.join()
