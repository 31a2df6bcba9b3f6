"""What of a file is written down already, so that an interruption loses little."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from stt_app.core.messages import TranscriptReady

_VERSION = 1


class Journal:
    """A file of JSON lines beside the output; it goes when the output is complete.

    `source` and `wishes` say what is being transcribed and how: a journal of
    something else is begun anew.
    """

    def __init__(self, path: Path, source: Path, wishes: dict[str, Any]) -> None:
        stat = source.stat()
        self._path = path
        self._head = {
            "version": _VERSION,
            "source": [source.name, stat.st_size, stat.st_mtime_ns],
            "wishes": wishes,
        }
        self.utterances: list[TranscriptReady] = []
        self.seconds = 0.0
        """Everything before is written down."""
        self._begun = False
        self._load()

    def add(self, utterance: TranscriptReady) -> None:
        self.utterances.append(utterance)
        self._write({"utterance": utterance.model_dump(exclude_none=True)})

    def settle(self, seconds: float) -> None:
        self.seconds = seconds
        self._write({"seconds": seconds})

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)

    def _load(self) -> None:
        found = list(self._lines())
        if not found or found[0] != self._head:
            return
        for line in found[1:]:
            if "seconds" in line:
                self.seconds = line["seconds"]
            else:
                self.utterances.append(TranscriptReady(**line["utterance"]))
        # An utterance that was not settled is heard once more.
        self.utterances = [
            each for each in self.utterances if (each.start or 0) < self.seconds
        ]

    def _begin(self) -> None:
        """Write all that is known, without a line that a crash has torn."""
        lines: list[Any] = [self._head]
        lines += [
            {"utterance": each.model_dump(exclude_none=True)}
            for each in self.utterances
        ]
        lines.append({"seconds": self.seconds})
        text = "".join(json.dumps(line) + "\n" for line in lines)
        write_whole(self._path, text)
        self._begun = True

    def _lines(self) -> Iterator[dict[str, Any]]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return
        for line in text.splitlines():
            try:
                read = json.loads(line)
                if "utterance" in read:
                    TranscriptReady(**read["utterance"])
            except (ValueError, TypeError, ValidationError):
                return
            yield read

    def _write(self, line: dict[str, Any]) -> None:
        if not self._begun:
            self._begin()
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is either the old one or the new one, never half."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
