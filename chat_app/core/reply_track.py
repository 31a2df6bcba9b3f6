"""The output track: one reply at a time, prepared, held back, released, paused or ended."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from chat_app.core import actions as do, events as on
from chat_app.core.events import Key
from chat_app.core.states import ACTIVE, Input, Output
from chat_app.core.timing import TurnSettings
from chat_app.core.user_turn import UserTurn
from chat_app.core.words import TurnWords, same_words


class OutputView(Protocol):
    """What the state machine needs to know about the output."""

    def played_seconds(self) -> float:
        """How much of the current reply was heard."""

    def spoken_words(self, since: float) -> Sequence[str]:
        """The words that were sent since then, in lower case."""


class ReplyTrack:
    """The state that both tracks share, and the transitions of replies."""

    _silent_since: float | None = None
    """When the last reply, or noise after it, ended; None while silence is not counted."""
    _has_called = False
    """Whether the reply has called functions, so that the client continues."""

    def __init__(
        self,
        settings: TurnSettings,
        words: TurnWords,
        output: OutputView,
        *,
        asks_model: bool = False,
        may_speculate: Callable[[], bool] = lambda: True,
        hears_itself: Callable[[], bool] = lambda: False,
    ) -> None:
        """`asks_model`: there is a turn model. `may_speculate` is called before each
        speculation, and `hears_itself` before speech pauses the output: whether the
        microphone hears it."""
        self.settings = settings
        self.words = words
        self.input = Input.QUIET
        self.output = Output.IDLE
        self.turn: UserTurn | None = None
        """The turn in progress, also while its text is awaited."""
        self.reply: Key | None = None
        """The reply that is prepared, awaited or played."""
        self.patience = 1.0
        """A factor of the pauses that grows with each turn that was cut too early."""
        self._view = output
        self._asks_model = asks_model
        self._may_speculate = may_speculate
        self._hears_itself = hears_itself
        self._candidate_was_echo = False
        self._echo_checked_at = -math.inf
        self._echo_at = -math.inf
        """When the microphone was last found to hear the output."""
        self._now = 0.0
        self._ended_at = -math.inf
        """When the last reply ended."""
        self._actions: list[do.TurnAction] = []
        self._turns = 0
        self._candidate = (0.0, 0.0)
        """Position in the audio and time at which the candidate began."""
        self._audio_at = 0.0
        self._voiced = 0.0
        self._voiced_at_pause = 0.0
        """The voiced audio when the reply was last paused."""
        self._pause_again_at: float | None = None
        """How much voiced audio of this utterance pauses the reply again."""
        self._committed: UserTurn | None = None
        """The turn that the current reply answers."""
        self._committed_at = 0.0
        self._reply_text = ""
        self._is_ready = False
        self._is_sent = False
        self._waits_since = 0.0
        self._paused_at = 0.0
        self._replies_played = 0
        self._owed: tuple[Key, str] | None = None
        """The turn to answer when the current reply is over, and its text."""
        self._delay: float | None = None
        self._pause_at = 0.0
        self._speculate_at: float | None = None
        """When this pause is long enough to prepare the reply; None if it already is."""

    @property
    def has_reply(self) -> bool:
        """Whether there is a reply that the client knows of."""
        return self.output in ACTIVE

    @property
    def has_response(self) -> bool:
        """Whether that reply is not sent completely."""
        return self.has_reply and not self._is_sent

    def _begin_reply(self, action: do.StartReply) -> None:
        self.reply, self._reply_text = action.key, action.text
        self._is_ready = self._is_sent = self._has_called = False
        self._actions.append(action)

    def _answer(self, key: Key, text: str, *, answers_silence: bool = False) -> None:
        self._silent_since = None
        self._begin_reply(
            do.StartReply(key, text, speculative=False, answers_silence=answers_silence)
        )
        self._release(key)

    def _answer_silence(self) -> None:
        """Answer a silence that has lasted for `idle_seconds`."""
        seconds = self._now - (self._silent_since or self._now)
        self._turns += 1
        self._committed = None
        key = Key(self._turns, 0)
        self._actions.append(do.CommitSilence(key, seconds))
        self._answer(key, "", answers_silence=True)

    def _release(self, key: Key) -> None:
        self._actions.append(do.ReleaseReply(key))
        self._waits_since = self._now
        if self.output is not Output.PAUSED:
            self.output = Output.PLAYING if self._is_ready else Output.THINKING

    def _drop_speculation(self) -> None:
        if self.output is Output.SPECULATING and self.reply is not None:
            self._actions.append(do.DropReply(self.reply))
            self.output, self.reply = Output.IDLE, None

    def _reply_ready(self, event: on.ReplyReady) -> None:
        if event.key == self.reply:
            self._is_ready = True
            if self.output is Output.THINKING:
                self.output = Output.PLAYING

    def _reply_failed(self, event: on.ReplyFailed) -> None:
        if event.key == self.reply:
            self._resume()
            self._end_reply()

    def _reply_sent(self, event: on.ReplySent) -> None:
        if event.key == self.reply:
            self._is_sent = True
            if event.called:
                self._committed, self._has_called = None, True

    def _reply_played(self, event: on.ReplyPlayed) -> None:
        if event.key == self.reply and self.has_reply:
            self._replies_played += 1
            self._silent_since = None if self._has_called else self._now
            self._resume()
            self._end_reply()

    def _end_reply(self) -> None:
        """End the reply: speech no longer interrupts it."""
        if self.output is not Output.SPECULATING:
            self._ended_at = self._now
        self.output, self.reply = Output.IDLE, None
        if self._owed is not None:
            (key, text), self._owed = self._owed, None
            self._answer(key, text)

    def _reply_asked(self, _event: on.ReplyAsked) -> None:
        if self.has_response:
            return
        # Audio of an earlier reply that was already sent is played first.
        self._drop_speculation()
        self._turns += 1
        self._committed = None
        self._answer(Key(self._turns, 0), "")

    def _reply_cancelled(self, _event: on.ReplyCancelled) -> None:
        self._drop_speculation()
        if self.reply is not None:
            self._owed = None
            self._cancel(do.CancelReason.CLIENT_CANCELLED)

    def _cancel(self, reason: do.CancelReason, *, reopens: bool = False) -> None:
        if self.reply is not None:
            self._actions.append(do.CancelReply(self.reply, reason, reopens))
        self._end_reply()

    def _commit(self) -> None:
        turn, self.turn = self._open_turn(), None
        self._committed, self._committed_at = turn, self._now
        self._silent_since = None
        self._actions.append(do.CommitTurn(turn.key, turn.text, turn.utterances))
        if self.output is Output.SPECULATING and self.reply is not None:
            if self.settings.replies and same_words(self._reply_text, turn.text):
                self._release(self.reply)
                return
            self._drop_speculation()
        if not self.settings.replies:
            return
        if self.has_reply:
            self._owed = (turn.key, turn.text)
        else:
            self._answer(turn.key, turn.text)

    def _pause(self) -> None:
        if self.output is Output.PAUSED or not self.settings.interrupts:
            return
        self.output, self._paused_at = Output.PAUSED, self._now
        self._voiced_at_pause = self._voiced
        self._actions.append(do.PauseOutput())

    def _resume(self) -> None:
        if self.output is Output.PAUSED:
            self.output = Output.PLAYING if self._is_ready else Output.THINKING
            self._waits_since = self._now
            self._actions.append(do.ResumeOutput())

    def _is_due(self, since: float, seconds: float) -> bool:
        return self._now - since >= seconds - 1e-9

    def _open_turn(self) -> UserTurn:
        assert self.turn is not None  # noqa: S101 - for the type checker
        return self.turn
