"""How long a pause must be to end the user's turn."""

from __future__ import annotations

from collections.abc import Callable

from chat_app.conversation.options import ConversationOptions
from chat_app.core import actions as do, outputs as out
from stt_app.live_session import LiveSession

_FOR_EVER_SECONDS = 86_400.0
"""For clients that commit the audio themselves."""


class Pauses:
    """Sets the pause of the live session, and tells the client when a turn has its own."""

    def __init__(
        self, live: LiveSession, put: Callable[[out.ConversationEvent], None]
    ) -> None:
        self._live = live
        self._put = put
        self._detects_turns = True

    def use(self, options: ConversationOptions) -> None:
        """The usual pause of these options, until another one is chosen."""
        self._detects_turns = options.detects_turns
        delays = options.turns.delays
        self._wait(delays.fixed or delays.unknown)

    def choose(self, action: do.WaitForSilence) -> None:
        """This pause ends the open turn."""
        self._wait(action.seconds)
        if self._detects_turns:
            delay_ms = round(action.seconds * 1000)
            self._put(out.DelayChosen(delay_ms, action.probability))

    def _wait(self, seconds: float) -> None:
        self._live.wait_for_silence(
            seconds if self._detects_turns else _FOR_EVER_SECONDS
        )
