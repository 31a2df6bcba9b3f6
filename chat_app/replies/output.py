"""The released replies of a conversation, and how far they are played."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from chat_app.core import outputs as out
from chat_app.replies.running import RunningResponse
from chat_app.replies.sink import EventSink
from common.audio import Samples

_TRUNCATABLE = 8
"""How many of the newest responses a client can truncate, even after their end."""


class ReplyOutput:
    """The newest responses, even after their end; the last one is the current one.

    It is the OutputView of the state machine.
    """

    def __init__(
        self, sink: EventSink, is_running: Callable[[RunningResponse], bool]
    ) -> None:
        self.is_paused = False
        self._newest: deque[RunningResponse] = deque()
        self._sink = sink
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
        """Whether the microphone's newest audio, at 16 kHz, is an echo of a reply, which may
        have just ended."""
        return any(each.is_heard_in(heard) for each in list(self._newest)[-2:])

    def spoken_words(self, since: float) -> Sequence[str]:
        now = self._sink.clock()
        words: list[str] = []
        for running in list(self._newest)[-2:]:
            words += running.reply.spoken.words_since(since, now)
        return words

    def still_heard(self) -> list[RunningResponse]:
        """The responses that are being played, or will be."""
        return [each for each in self._newest if self._is_running(each)]

    def add(self, running: RunningResponse) -> None:
        """Add a response that is about to be released; it is played after the earlier ones."""
        before = self.still_heard()
        self._newest.append(running)
        while len(self._newest) > _TRUNCATABLE and not self._is_running(
            self._newest[0]
        ):
            self._newest.popleft()
        clock = running.reply.spoken.clock
        clock.queued_seconds = sum(each.left_seconds for each in before)

    def report(self, response_id: str, seconds: float) -> None:
        """The client has played this much of a response."""
        for running in self._newest:
            if running.reply.response_id == response_id:
                clock = running.reply.spoken.clock
                clock.report(seconds, self._sink.clock())

    def with_message(self, item_id: str) -> RunningResponse | None:
        """The response whose message has that id, if the message has begun."""
        for running in self._newest:
            if (
                running.reply.item_id == item_id
                and running.progress.message is not None
            ):
                return running
        return None

    def that_called(self, call_id: str) -> RunningResponse | None:
        """The response that has made this function call."""
        for running in self._newest:
            if any(each.call_id == call_id for each in running.progress.calls):
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
        if self._newest and self._newest[-1].reply.spec.speaks:
            self._sink.put(event(self.last_response_id))
