"""A conversation on the terminal, for people and for programs."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import Any, TextIO

from common.audio import Samples
from voiceproject.talk.events import (
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
    TalkEvent,
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

    def happened(self, talk_event: TalkEvent, at: float) -> None:
        match talk_event:
            case Ready():
                for sentence in talk_event.not_ready.values():
                    self._line(f"(not ready: {sentence})")
            case Caption():
                self._passing(f"you: {talk_event.text}")
            case Said():
                self._line(f"you: {talk_event.text}")
            case Dropped():
                self._line(
                    f"     ({_DROPPED.get(talk_event.reason, talk_event.reason)})"
                )
            case Reopened():
                self._line("     (go on: the turn was not over)")
            case Spoken():
                self._spoken(talk_event)
            case ReplyEnded():
                self._reply_ended(talk_event)
            case Problem():
                self._line(f"error: {talk_event.message}")
            case Lost():
                self._line("(the connection is lost; what you say now is kept)")
            case Resumed():
                self._line("(connected again)")
            case ClosingSoon():
                self._line(
                    f"(the server ends the connection in {talk_event.seconds:.0f} s)"
                )
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

    def _spoken(self, talk_event: Spoken) -> None:
        if self._speaking == talk_event.number:
            self._write(f" {talk_event.text}")
            return
        self._end_line()
        self._write(f"{self._clear}it:  {talk_event.text}")
        self._speaking = talk_event.number

    def _reply_ended(self, talk_event: ReplyEnded) -> None:
        if talk_event.interrupted:
            if self._speaking == talk_event.number:
                self._write(" —")
            heard = f": {talk_event.heard!r}" if talk_event.heard else ""
            seconds = talk_event.heard_ms / 1000
            self._line(f"     (interrupted after {seconds:.1f} s; heard{heard})")
        if talk_event.waited_ms is not None:
            stages = ", ".join(
                f"{STAGES[name]} {ms:.0f}"
                for name, ms in talk_event.stages_ms.items()
                if name in STAGES
            )
            more = f" ({stages})" if stages else ""
            self._line(f"     answered after {talk_event.waited_ms:.0f} ms{more}")

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

    def happened(self, talk_event: TalkEvent, at: float) -> None:
        if (kind := _OWN.get(type(talk_event))) is not None:
            self._print({"type": kind, **asdict(talk_event)}, at)

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
