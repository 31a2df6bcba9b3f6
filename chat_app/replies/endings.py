"""Ends replies: truncates them to what was heard, and records them."""

from __future__ import annotations

from dataclasses import replace

from chat_app.core import actions as do, outputs as out
from chat_app.core.dialogue import Dialogue
from chat_app.replies.response_log import ResponseLog
from chat_app.replies.running import RunningResponse
from chat_app.replies.sink import EventSink

_STATUS: dict[do.CancelReason, out.Status] = {do.CancelReason.TIMED_OUT: "incomplete"}


class ReplyEndings:
    """Truncates replies to what was heard, and records those that have ended."""

    def __init__(self, dialogue: Dialogue, sink: EventSink, log: ResponseLog) -> None:
        self._dialogue = dialogue
        self._sink = sink
        self._log = log

    def end_early(
        self, running: RunningResponse, action: do.CancelReply, seconds: float
    ) -> None:
        """End a reply of which this much was heard, unless the client knows better."""
        if running.truncated_seconds is not None:
            seconds = running.truncated_seconds
        heard = self._keep_heard(running, seconds)
        status = _STATUS.get(action.reason, "cancelled")
        reason = action.reason.value
        if running.progress.ended is None:
            heard_ms = round(seconds * 1000) if running.reply.spec.speaks else None
            running.end(status, reason, heard=(heard, heard_ms))
        else:  # everything was sent
            self._amend(running, heard, seconds)
            running.progress.ended = replace(
                running.progress.ended, status=status, reason=reason
            )
        if not action.reopens:
            self._log.record(running)

    def truncate(
        self, running: RunningResponse, seconds: float, *, is_over: bool
    ) -> None:
        """Keep only the part that the client has heard; `is_over`: nothing more is played."""
        running.truncated_seconds = seconds
        heard = self._keep_heard(running, seconds)
        if running.progress.ended is not None and is_over:
            self._amend(running, heard, seconds)
            self._log.record(running)

    def _keep_heard(self, running: RunningResponse, seconds: float) -> str:
        """Truncate the message to what was heard by then. Returns its text."""
        reply = running.reply
        if running.progress.message is None:
            return ""
        heard = reply.text
        if reply.spec.speaks:
            heard = reply.spoken.heard_text(seconds)
        if not heard:
            self._dialogue.remove(reply.item_id)
        elif running.is_unheard or self._dialogue.find(reply.item_id) is not None:
            running.keep(running.progress.message_with(heard, is_complete=False))
        running.is_unheard = not heard
        if reply.spec.speaks:
            heard_ms = round(seconds * 1000)
            self._sink.put(out.ItemTruncated(reply.item_id, heard_ms, heard))
        return heard

    def _amend(self, running: RunningResponse, heard: str, seconds: float) -> None:
        """Correct an end that is already known: less was heard."""
        if running.progress.ended is not None and running.reply.spec.speaks:
            heard_ms = round(seconds * 1000)
            running.progress.ended = replace(
                running.progress.ended, text=heard, heard_ms=heard_ms
            )
