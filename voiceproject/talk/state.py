"""A conversation as its client sees it: messages of the server become turns and sound."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from chat_app.protocol.wire import audio_of
from common.audio import Resampler, Samples, pcm16_to_float
from voiceproject.talk.events import (
    Audible,
    Caption,
    ClosingSoon,
    Dropped,
    Floor,
    FloorChanged,
    Problem,
    Ready,
    Reopened,
    ReplyEnded,
    Said,
    Spoken,
    TalkEvent,
)
from voiceproject.talk.playback import Playback

QUIET = "quiet"
"""The id of an event whose refusal is not reported."""


@dataclass
class Reply:
    """A reply of which audio may be missing or not yet played."""

    response_id: str
    number: int
    asked_at: float | None
    """When the speech ended, or the text was sent."""
    resampler: Resampler | None = None
    clauses: deque[tuple[float, str]] = field(default_factory=deque)
    """Those that do not sound yet: seconds and text."""
    is_audible: bool = False
    is_done: bool = False
    """Whether all of it has arrived."""
    end: dict[str, Any] = field(default_factory=dict)
    stages_ms: dict[str, float] | None = None
    """None until the server has sent them, after the end."""


class TalkState:
    """Takes messages, plays audio, and returns the events for the user.

    `captured` gives the time when a position in the sent audio, in milliseconds, was
    recorded. After the playback has moved `progress` has to be called.
    """

    def __init__(
        self, playback: Playback, captured: Callable[[float], float | None]
    ) -> None:
        self.reply: Reply | None = None
        self.floor: Floor = "listening"
        self.audible = 0
        """Replies of which something was heard."""
        self.over = 0
        """Replies that have ended, and turns that got none."""
        self._playback = playback
        self._captured = captured
        self._last: Reply | None = None
        """The reply whose end was not reported yet."""
        self._asked_at: float | None = None
        self._hearing = self._awaiting = self._paused = False

    def take(self, event: dict[str, Any]) -> Iterator[TalkEvent]:
        """A message of the server."""
        yield from self._of_turn(event)
        yield from self._of_reply(event)
        yield from self._ended()
        yield from self._floor()

    def sound(self, frame: bytes) -> tuple[int, Samples]:
        """Queue a binary message; the reply's number and its samples."""
        number, samples = audio_of(frame)
        reply = self.reply
        if reply is not None and reply.number == number and reply.resampler:
            self._playback.add(number, reply.resampler.push(samples))
        return number, samples

    def progress(self, lag_seconds: float = 0.0) -> Iterator[TalkEvent]:
        """The events of what has become audible, which takes `lag_seconds`."""
        if self.reply is not None:
            yield from self._heard(self.reply, lag_seconds)
        yield from self._ended()
        yield from self._floor()

    def _heard(self, reply: Reply, lag_seconds: float) -> Iterator[TalkEvent]:
        at = self._playback.audible_at(reply.number)
        if at is not None and not reply.is_audible:
            reply.is_audible = True
            self.audible += 1
            yield Audible(reply.number, self._waited_ms(reply))
        heard = self._playback.played_seconds(reply.number) - lag_seconds
        while heard > 0 and reply.clauses and reply.clauses[0][0] <= heard:
            yield Spoken(reply.number, reply.clauses.popleft()[1])
        if reply.is_done and self._playback.is_silent():
            self.reply = None

    def typed(self, now: float) -> None:
        """The user has sent a text that is to be answered."""
        self._asked_at, self._awaiting = now, True

    def stop(self) -> Reply | None:
        """Play nothing more of the reply. The reply, if the server still sends it."""
        reply = self.reply
        self._silence()
        return None if reply is None or reply.is_done else reply

    def lost(self) -> None:
        """The connection is lost: the server ends the reply where it was heard."""
        reply = self.reply
        if reply is not None and not reply.is_audible:
            self._asked_at = reply.asked_at  # It is given again.
            self._last = None
        self._silence()
        self._hearing = self._awaiting = False

    def resumed(self, items: list[dict[str, Any]]) -> None:
        """The conversation goes on; `items` are the messages so far, as it has them."""
        last = self._last
        if last is None or last.stages_ms is not None:
            return
        replies = [each["text"] for each in items if each["role"] == "assistant"]
        heard = {"content": [{"text": replies[-1] if replies else ""}]}
        details = {"reason": "connection_lost"}
        last.end = {
            "status": "cancelled",
            "status_details": details,
            "output": [heard],
        }
        last.stages_ms = {}

    def _of_turn(self, event: dict[str, Any]) -> Iterator[TalkEvent]:
        match event["type"]:
            case "session.created":
                yield Ready(event["session"].get("x.not_ready", {}))
            case "input_audio_buffer.speech_started":
                self._hearing = True
                if self.reply is not None and self.reply.is_done:
                    self._silence()
            case "input_audio_buffer.speech_stopped":
                self._hearing, self._awaiting = False, True
                self._asked_at = self._captured(event["audio_end_ms"])
            case "x.caption":
                yield Caption(event["text"])
            case "conversation.item.input_audio_transcription.completed":
                self._hearing = False
                yield Said(event["transcript"])
            case "x.turn.dropped":
                self._hearing = self._awaiting = False
                self.over += 1
                yield Dropped(event["reason"])
            case "x.turn.reopened":
                self._hearing, self._awaiting, self._last = True, False, None
                self._silence()
                yield Reopened()
            case "x.closing":
                yield ClosingSoon(event["seconds"])
            case "error" if event["error"].get("event_id") != QUIET:
                self._awaiting = False
                yield Problem(event["error"]["code"], event["error"]["message"])

    def _of_reply(self, event: dict[str, Any]) -> Iterator[TalkEvent]:
        match event["type"]:
            case "response.created":
                self._silence()
                yield from self._ended()
                self._begin(event["response"])
            case "x.output.clause":
                self._clause(event)
            case "x.output.pause" | "x.output.resume":
                self._paused = event["type"] == "x.output.pause"
                self._playback.pause(paused=self._paused)
            case "response.done":
                self._finish(event["response"])
            case "x.metrics":
                self._measure(event)

    def _begin(self, response: dict[str, Any]) -> None:
        self._awaiting = False
        self.reply = Reply(response["id"], response.get("x.number", 0), self._asked_at)
        self._asked_at, self._last = None, self.reply

    def _clause(self, event: dict[str, Any]) -> None:
        reply = self.reply
        if reply is None or reply.response_id != event["response_id"]:
            return
        if reply.resampler is None:
            reply.resampler = Resampler(event["rate"], self._playback.rate_hz)
        reply.clauses.append((event["start_ms"] / 1000, event["text"]))

    def _finish(self, response: dict[str, Any]) -> None:
        last = self._last
        if last is None or last.response_id != response["id"]:
            return
        last.end, last.is_done = response, True
        if response["status"] == "failed":
            self._awaiting = False
        if self.reply is not last:
            return
        if response["status"] != "completed":
            self._silence()
        elif last.resampler is not None:
            rest = last.resampler.push(_NOTHING, last=True)
            self._playback.add(last.number, rest)

    def _measure(self, event: dict[str, Any]) -> None:
        last = self._last
        if last is not None and last.response_id == event["response_id"]:
            last.stages_ms = event["stages_ms"]

    def _ended(self) -> Iterator[TalkEvent]:
        """The end of a reply, once it is known and nothing more of it is heard.

        A short reply has arrived as a whole before it is audible.
        """
        last = self._last
        if last is None or last.stages_ms is None or last is self.reply:
            return
        self._last = None
        self.over += 1
        details = last.end.get("status_details") or {}
        yield ReplyEnded(
            last.number,
            last.end.get("status", ""),
            details.get("reason") or "",
            _heard_text(last.end),
            round(1000 * self._playback.played_seconds(last.number)),
            self._waited_ms(last),
            last.stages_ms,
        )

    def _waited_ms(self, reply: Reply) -> float | None:
        at = self._playback.audible_at(reply.number)
        if at is None or reply.asked_at is None:
            return None
        return round(1000 * (at - reply.asked_at), 1)

    def _silence(self) -> None:
        self._playback.flush()
        self._paused, self.reply = False, None

    def _floor(self) -> Iterator[TalkEvent]:
        floor = self._who_has_it()
        if floor != self.floor:
            self.floor = floor
            yield FloorChanged(floor)

    def _who_has_it(self) -> Floor:
        if self._hearing:
            return "hearing"
        if self.reply is None:
            return "thinking" if self._awaiting else "listening"
        if self._paused:
            return "paused"
        return "speaking" if self.reply.is_audible else "thinking"


_NOTHING = pcm16_to_float(b"")


def _heard_text(response: dict[str, Any]) -> str:
    for item in response.get("output", ()):
        for content in item.get("content", ()):
            return str(content.get("transcript") or content.get("text") or "")
    return ""
