"""The progress of a file's transcription, so that an interruption loses little."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stt_app.core.events import SpokenSegment, SpokenWord, UtteranceTranscribed

_VERSION = 3


class Journal:
    """A JSON lines file beside the output; deleted when the output is complete.

    `source` and `options` say what is being transcribed and how: a journal of
    something else is restarted.
    """

    def __init__(self, path: Path, source: Path, options: dict[str, Any]) -> None:
        stat = source.stat()
        self._path = path
        self._head = {
            "version": _VERSION,
            "source": [source.name, stat.st_size, stat.st_mtime_ns],
            "options": options,
        }
        self.utterances: list[UtteranceTranscribed] = []
        self.seconds = 0.0
        """Everything before it is transcribed."""
        self._begun = False
        self._load()

    def add(self, utterance: UtteranceTranscribed) -> None:
        self.utterances.append(utterance)
        self._write({"utterance": asdict(utterance)})

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
                self.utterances.append(_read(line["utterance"]))
        # An unsettled utterance is transcribed again.
        self.utterances = [
            each for each in self.utterances if each.start_seconds < self.seconds
        ]

    def _begin(self) -> None:
        """Rewrite all valid lines, without one truncated by a crash."""
        lines: list[Any] = [self._head]
        lines += [{"utterance": asdict(each)} for each in self.utterances]
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
                    _read(read["utterance"])
            except (ValueError, TypeError, KeyError):
                return
            yield read

    def _write(self, line: dict[str, Any]) -> None:
        if not self._begun:
            self._begin()
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _read(plain: dict[str, Any]) -> UtteranceTranscribed:
    """Raises TypeError for anything that is not an utterance."""
    words = plain["words"]
    if words is not None:
        words = tuple(SpokenWord(**word) for word in words)
    segments = tuple(
        SpokenSegment(**{**each, "tokens": tuple(each["tokens"])})
        for each in plain["segments"]
    )
    return UtteranceTranscribed(**{**plain, "words": words, "segments": segments})


def write_whole(path: Path, text: str) -> None:
    """Write a file atomically."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
