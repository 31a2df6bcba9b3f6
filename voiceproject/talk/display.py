"""A conversation on the terminal, for people and for programs."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import Any, TextIO

from common.audio import Samples
from voiceproject.talk.told import (
    Audible,
    Caption,
    ClosingSoon,
    Dropped,
    FloorChanged,
    Lost,
    Problem,
    Ready,
    Reopened,
    ReplyEnded,
    Resumed,
    Said,
    Spoken,
    Told,
)

CLEAR_LINE = "\r\x1b[2K"
STAGES = {
    "transcribed": "transcript",
    "committed": "turn over",
    "llm_first_token": "first token",
    "first_audio": "first audio",
    "first_sent": "sent",
}
_DROPPED = {
    "no_words": "no words were heard",
    "backchannel": "that did not interrupt",
    "echo": "that was the loudspeaker",
    "cleared": "taken back",
}


class Display:
    """Prints turns, captions and replies as they are heard.

    On a terminal (`is_live`) captions replace each other in the last line; elsewhere
    only what is final is printed.
    """

    def __init__(self, out: TextIO, *, is_live: bool) -> None:
        self._out = out
        self._is_live = is_live
        self._speaking: int | None = None
        """The number of the reply whose line is open."""

    def event(self, event: dict[str, Any], at: float) -> None:
        pass

    def audio(self, number: int, samples: Samples, at: float) -> None:
        pass

    def told(self, told: Told, at: float) -> None:
        match told:
            case Ready():
                for sentence in told.not_ready.values():
                    self._line(f"(not ready: {sentence})")
            case Caption():
                self._passing(f"you: {told.text}")
            case Said():
                self._line(f"you: {told.text}")
            case Dropped():
                self._line(f"     ({_DROPPED.get(told.reason, told.reason)})")
            case Reopened():
                self._line("     (go on: the turn was not over)")
            case Spoken():
                self._spoken(told)
            case ReplyEnded():
                self._reply_ended(told)
            case Problem():
                self._line(f"error: {told.message}")
            case Lost():
                self._line("(the connection is lost; what you say now is kept)")
            case Resumed():
                self._line("(connected again)")
            case ClosingSoon():
                self._line(f"(the server ends the connection in {told.seconds:.0f} s)")
            case FloorChanged() | Audible():
                pass

    def wrote(self, text: str) -> None:
        """The user has sent a typed text."""
        self._line(f"you: {text}")

    def note(self, text: str) -> None:
        """A line about the conversation."""
        self._line(text)

    def close(self) -> None:
        """The conversation is over."""
        self._end_line()

    def _spoken(self, told: Spoken) -> None:
        if self._speaking == told.number:
            self._write(f" {told.text}")
            return
        self._end_line()
        self._write(f"{self._clear}it:  {told.text}")
        self._speaking = told.number

    def _reply_ended(self, told: ReplyEnded) -> None:
        if told.interrupted:
            if self._speaking == told.number:
                self._write(" —")
            heard = f": {told.heard!r}" if told.heard else ""
            seconds = told.heard_ms / 1000
            self._line(f"     (interrupted after {seconds:.1f} s; heard{heard})")
        if told.waited_ms is not None:
            stages = ", ".join(
                f"{STAGES[name]} {ms:.0f}"
                for name, ms in told.stages_ms.items()
                if name in STAGES
            )
            more = f" ({stages})" if stages else ""
            self._line(f"     answered after {told.waited_ms:.0f} ms{more}")

    @property
    def _clear(self) -> str:
        return CLEAR_LINE if self._is_live and self._speaking is None else ""

    def _passing(self, text: str) -> None:
        """A text that the next one replaces."""
        if self._is_live and self._speaking is None:
            width = shutil.get_terminal_size().columns - 1
            shown = text if len(text) <= width else f"you: …{text[6 - width :]}"
            self._write(f"{CLEAR_LINE}{shown}")

    def _line(self, text: str) -> None:
        self._end_line()
        self._write(f"{self._clear}{text}\n")

    def _end_line(self) -> None:
        if self._speaking is not None:
            self._write("\n")
            self._speaking = None

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


class JsonLines:
    """Prints every message of the server, and what the client saw, as JSON lines.

    Each has `at_ms`, since the start; the types of the client's own begin with `talk.`.
    """

    def __init__(self, out: TextIO, began_at: float) -> None:
        self._out = out
        self._began_at = began_at

    def event(self, event: dict[str, Any], at: float) -> None:
        self._print(event, at)

    def audio(self, number: int, samples: Samples, at: float) -> None:
        pass

    def told(self, told: Told, at: float) -> None:
        if (kind := _OWN.get(type(told))) is not None:
            self._print({"type": kind, **asdict(told)}, at)

    def wrote(self, text: str) -> None:
        """Nothing: the server says it again."""

    def note(self, text: str) -> None:
        """Nothing: that is for people."""

    def close(self) -> None:
        """Nothing is left to print."""

    def _print(self, event: dict[str, Any], at: float) -> None:
        line = {"at_ms": round(1000 * (at - self._began_at)), **event}
        self._out.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._out.flush()


_OWN: dict[type[Any], str] = {
    FloorChanged: "talk.floor",
    Audible: "talk.audible",
    Spoken: "talk.spoken",
    ReplyEnded: "talk.reply",
    Lost: "talk.lost",
    Resumed: "talk.resumed",
}
"""What the server's messages do not say."""
