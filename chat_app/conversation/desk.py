"""Who may prepare a reply: work for committed turns goes before speculation."""

from __future__ import annotations

from typing import Protocol


class Prepared(Protocol):
    """A reply of some conversation."""

    def give_up(self) -> None:
        """Stop the work; its conversation asks again if the turn is committed."""


class ReplyDesk:
    """The replies of all conversations of this process that have no audio yet.

    At most `limit` run at once while one of them is speculative: as many as the language
    model answers at the same time.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._speculative: list[Prepared] = []
        self._committed: list[Prepared] = []

    def may_speculate(self) -> bool:
        """Whether there is room, and no committed turn waits for its reply."""
        return not self._committed and len(self._speculative) < self._limit

    def begin(self, reply: Prepared, *, speculative: bool) -> None:
        """It runs from now on."""
        if speculative:
            self._speculative.append(reply)
        else:
            self._committed.append(reply)
            self._make_room()

    def commit(self, reply: Prepared) -> None:
        """Its turn is committed; it may have audio already."""
        if reply in self._speculative:
            self._speculative.remove(reply)
            self._committed.append(reply)
            self._make_room()

    def end(self, reply: Prepared) -> None:
        """It has audio, or is over."""
        for replies in (self._speculative, self._committed):
            if reply in replies:
                replies.remove(reply)

    def _make_room(self) -> None:
        running = len(self._speculative) + len(self._committed)
        for reply in self._speculative[: max(0, running - self._limit)]:
            self._speculative.remove(reply)
            reply.give_up()
