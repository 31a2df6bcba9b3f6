"""The released replies of a conversation: what of them is played, and heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from chat_app.core import outputs as out
from chat_app.replies.running import Outlet, Running
from common.audio import Samples

_CAN_BE_CUT = 8
"""The newest responses, whose items a client may truncate, also when they have ended."""


class ReplyOutput:
    """The newest responses, also after their ends; the last one is the current one.

    It is the state machine's view of the output.
    """

    def __init__(self, outlet: Outlet, is_running: Callable[[Running], bool]) -> None:
        self.is_paused = False
        self._newest: deque[Running] = deque()
        self._outlet = outlet
        self._is_running = is_running

    @property
    def last_item_id(self) -> str:
        """The item of the newest response."""
        return self._newest[-1].reply.item_id if self._newest else ""

    @property
    def last_response_id(self) -> str:
        return self._newest[-1].reply.response_id if self._newest else ""

    # As OutputView

    def played_seconds(self) -> float:
        return self._newest[-1].position_seconds if self._newest else 0.0

    def is_heard_in(self, heard: Samples | None) -> bool:
        """Whether it is an echo of a reply, perhaps of one that has just ended."""
        return any(each.is_heard_in(heard) for each in list(self._newest)[-2:])

    def spoken_words(self, since: float) -> Sequence[str]:
        now = self._outlet.clock()
        words: list[str] = []
        for running in list(self._newest)[-2:]:
            words += running.reply.spoken.words_since(since, now)
        return words

    def still_heard(self) -> list[Running]:
        """The responses of which something is being played, or will be."""
        return [each for each in self._newest if self._is_running(each)]

    def add(self, running: Running) -> None:
        """It is about to be released, and is heard after those before it."""
        before = self.still_heard()
        self._newest.append(running)
        while len(self._newest) > _CAN_BE_CUT and not self._is_running(self._newest[0]):
            self._newest.popleft()
        clock = running.reply.spoken.clock
        clock.queued_seconds = sum(each.left_seconds for each in before)

    def report(self, response_id: str, seconds: float) -> None:
        """The client has played so much of a response."""
        for running in self._newest:
            if running.reply.response_id == response_id:
                clock = running.reply.spoken.clock
                clock.report(seconds, self._outlet.clock())

    def with_message(self, item_id: str) -> Running | None:
        """The response whose message, once it has begun, has that id."""
        for running in self._newest:
            if running.reply.item_id == item_id and running.told.message is not None:
                return running
        return None

    def that_called(self, call_id: str) -> Running | None:
        """The response that has made this call of a function."""
        for running in self._newest:
            if any(each.call_id == call_id for each in running.told.calls):
                return running
        return None

    def pause(self) -> None:
        self.is_paused = True
        for running in self.still_heard():
            running.pause()
        self._tell(out.OutputPaused)

    def resume(self) -> None:
        self.is_paused = False
        for running in self.still_heard():
            running.resume()
        self._tell(out.OutputResumed)

    def _tell(self, event: type[out.OutputPaused | out.OutputResumed]) -> None:
        if self._newest and self._newest[-1].reply.order.speaks:
            self._outlet.put(event(self.last_response_id))
