"""How replies end: the conversation keeps what was heard, and the records get it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chat_app.core import actions as do, outputs as out
from chat_app.core.dialogue import Dialogue
from chat_app.replies.running import Outlet, Running

_STATUS: dict[do.CancelReason, out.Status] = {do.CancelReason.TIMED_OUT: "incomplete"}


class ReplyEndings:
    """Cuts replies to what was heard, and hands those that are over to the records."""

    def __init__(
        self,
        dialogue: Dialogue,
        outlet: Outlet,
        finished: Callable[[out.ResponseEnded, Running], None],
    ) -> None:
        self._dialogue = dialogue
        self._outlet = outlet
        self._finished = finished

    def end_early(
        self, running: Running, action: do.CancelReply, seconds: float
    ) -> None:
        """It was stopped when so much of it was heard."""
        heard = self._keep_heard(running, seconds)
        status = _STATUS.get(action.reason, "cancelled")
        reason = action.reason.value
        if running.told.ended is None:
            heard_ms = round(seconds * 1000) if running.reply.order.speaks else None
            running.end(status, reason, heard=(heard, heard_ms))
        else:  # everything was sent
            self._amend(running, heard, seconds)
            running.told.ended = replace(
                running.told.ended, status=status, reason=reason
            )
        if not action.reopens:
            self.record(running)

    def truncate(self, running: Running, seconds: float, *, is_over: bool) -> None:
        """The client has heard only so much of it; `is_over`: nothing more is played."""
        heard = self._keep_heard(running, seconds)
        if running.told.ended is not None and is_over:
            self._amend(running, heard, seconds)
            self.record(running)

    def record(self, running: Running) -> None:
        """For the records, once its end was told."""
        if running.told.ended is not None:
            self._finished(running.told.ended, running)

    def _keep_heard(self, running: Running, seconds: float) -> str:
        """Keep of the message what was heard by then. Returns that."""
        reply = running.reply
        if running.told.message is None:
            return ""
        heard = reply.text
        if reply.order.speaks:
            heard = reply.spoken.heard_text(seconds)
        if not heard:
            self._dialogue.remove(reply.item_id)
        elif self._dialogue.find(reply.item_id) is not None:
            self._dialogue.put(running.told.message_with(heard, is_complete=False))
        if reply.order.speaks:
            heard_ms = round(seconds * 1000)
            self._outlet.put(out.ItemTruncated(reply.item_id, heard_ms, heard))
        return heard

    def _amend(self, running: Running, heard: str, seconds: float) -> None:
        """Less was heard than was told at its end."""
        if running.told.ended is not None and running.reply.order.speaks:
            heard_ms = round(seconds * 1000)
            running.told.ended = replace(
                running.told.ended, text=heard, heard_ms=heard_ms
            )
