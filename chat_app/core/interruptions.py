"""Classifies sound during a reply: an interruption, a backchannel, an echo, or a cough."""

from __future__ import annotations

from chat_app.core import actions as do
from chat_app.core.reply_track import ReplyTrack
from chat_app.core.states import ACTIVE, Input, Output
from chat_app.core.timing import more_patient
from chat_app.core.user_turn import UserTurn
from chat_app.core.words import is_echo, words_of

ECHO_SECONDS = 5.0
"""Output of this age may still arrive at the microphone."""
STOP_ECHO_SECONDS = 1.0
"""The same for a stop word, which must not be missed."""
ECHO_CHECK_SECONDS = 0.1
"""How often the waveforms are compared, at most."""
ECHO_LASTS_SECONDS = 0.25
"""How long a recognised echo is assumed to last, because its quiet moments are not
recognised."""
ECHO_AGAIN_SECONDS = 1.0
"""How long after an echo another sound is likely to be one as well."""
RESTART_SECONDS = 0.3
"""How much voiced audio of an echo ends in a new utterance, before it is transcribed:
otherwise the user's next words would be mixed with those of the reply."""
AFTERWARDS_SECONDS = 0.5
"""How long the end of a reply may be audible in the room."""


class Interruptions(ReplyTrack):
    """Decides who has the floor while a reply is played."""

    def _why_not(self, text: str) -> str | None:
        """Why these words are not a turn of the user; None if they are."""
        if not text:
            return "no_words"
        if not self.settings.judges:
            return None
        if self._open_turn().is_echo or self._is_echo(text) or self._went_silent(text):
            return "echo"
        # After the reply, "yes" is an answer.
        if self.has_reply and (
            self.words.only_backchannels(text) or self._is_doubtful(text)
        ):
            return "backchannel"
        return None

    def _is_doubtful(self, text: str) -> bool:
        """Whether it may be a misheard "uh-huh": one brief word that speech to text is
        not sure of."""
        turn, settings = self._open_turn(), self.settings
        if turn.claimed or len(words_of(text)) > 1:
            return False
        if "?" in text or self.words.is_stop(text):
            return False
        is_brief = self._voiced < settings.confirm_seconds
        return is_brief and turn.confidence < settings.sure_confidence

    def _is_echo(self, text: str) -> bool:
        """Whether the text was spoken by the server, now or a moment before."""
        turn = self._open_turn()
        since_reply = turn.began_at - self._ended_at
        if turn.claimed and not 0 <= since_reply <= AFTERWARDS_SECONDS:
            return False
        # "Stop" counts even if the reply has that word.
        age = STOP_ECHO_SECONDS if self.words.is_stop(text) else ECHO_SECONDS
        return is_echo(text, self._view.spoken_words(turn.began_at - age))

    def _went_silent(self, text: str) -> bool:
        """Whether the sound ended as soon as the reply was paused, soon after an echo: then
        it was an echo, whatever its transcript."""
        turn = self._open_turn()
        if turn.claimed or turn.began_at - self._echo_at > ECHO_AGAIN_SECONDS:
            return False
        if self._paused_at < turn.began_at or self.words.is_stop(text):
            return False
        return self._voiced - self._voiced_at_pause < ECHO_LASTS_SECONDS

    def _is_own_voice(self) -> bool:
        """Whether the microphone hears what is playing now, or was a moment before."""
        turn = self.turn
        is_over = self.output is not Output.PLAYING
        if is_over and self._is_due(self._ended_at, AFTERWARDS_SECONDS):
            return False
        if self.output is Output.PAUSED or (turn is not None and turn.claimed):
            return False
        if self._is_due(self._echo_checked_at, ECHO_CHECK_SECONDS):
            self._echo_checked_at = self._now
            if self._hears_itself():
                self._echo_at = self._now
                self._candidate_was_echo = True
                if self._voiced >= RESTART_SECONDS:
                    self._actions.append(do.RestartUtterance())
        return not self._is_due(self._echo_at, ECHO_LASTS_SECONDS)

    def _pause_again(self, turn: UserTurn) -> None:
        """Pause for speech that follows a dismissed sound in the same utterance."""
        due = self._pause_again_at
        if due is None or self._voiced < due:
            return
        self._pause_again_at = None
        if self.output in ACTIVE and not turn.claimed:
            self._pause()

    def _judge(self, text: str, *, is_complete: bool = False) -> None:
        """Decide from its words whether speech during a reply interrupts it."""
        turn = self.turn
        if turn is None or turn.claimed:
            return
        if not self.settings.interrupts and self.has_reply:
            return
        why_not = self._why_not(text)
        if why_not is None:
            self._take_the_floor()
        elif (
            self.output is Output.PAUSED and not is_complete and self._went_silent(text)
        ):
            return  # it may go on
        elif why_not == "echo" or (is_complete and self.output is Output.PAUSED):
            self._dismiss()

    def _dismiss(self) -> None:
        self._open_turn().dismissed = True
        self._resume()

    def _take_the_floor(self) -> None:
        """The user interrupts, or continues a turn that was cut too early."""
        if self.has_reply and self.settings.interrupts:
            cut = self._turn_that_was_cut()
            self._owed = None
            reopens = cut is not None
            self._cancel(do.CancelReason.TURN_DETECTED, reopens=reopens)
            if cut is not None:
                self._reopen(cut)
        self._claim()

    def _claim(self) -> None:
        """The user has the floor."""
        turn = self._open_turn()
        turn.claimed = True
        self._actions.append(do.TellSpeechStarted(turn.number, turn.start_seconds))
        if turn.ended:
            self._actions.append(do.TellSpeechStopped(turn.number, turn.end_seconds))
        else:
            self._actions.append(do.WarmPrefix())

    def _turn_that_was_cut(self) -> UserTurn | None:
        """The turn that this speech continues; None for a real interruption."""
        before, played = self._committed, self._view.played_seconds()
        if before is None or self.reply is None or before.number != self.reply.turn:
            return None
        waited = self._open_turn().began_at - self._committed_at
        soon = waited <= self.settings.reopen_seconds
        little = played <= self.settings.reopen_played_seconds
        return before if played <= 0 or (soon and little) else None

    def _reopen(self, before: UserTurn) -> None:
        turn = self._open_turn()
        before.absorb(turn)
        before.claimed = True
        self.turn, self._committed = before, None
        self.patience = more_patient(self.patience)
        self._actions.append(do.ReopenTurn(before.number))

    def _look_at_the_clock(self) -> None:
        """Decide without words when they are late: a click is dismissed, and speech that goes
        on interrupts. Speech that has ended will still be transcribed."""
        turn = self.turn
        if self.output is not Output.PAUSED or turn is None:
            return
        if not self._is_due(self._paused_at, self.settings.words_due_seconds):
            return
        lasts = self._voiced >= self.settings.confirm_seconds
        needs_words = (
            self._replies_played == 0
            and self._view.played_seconds() < self.settings.first_reply_seconds
        )
        goes_on = self.input is Input.SPEAKING and not turn.text_so_far
        if lasts and goes_on and not needs_words:
            self._take_the_floor()
            return
        is_transcribed = self.input in (Input.SOFT_END, Input.COMMITTED)
        is_late = self._is_due(self._paused_at, self.settings.words_late_seconds)
        if is_late or not (lasts or is_transcribed):
            self._dismiss()

    def _words_due_at(self) -> float:
        """When to decide about a paused reply without words, or to stop waiting for them."""
        due_at = self._paused_at + self.settings.words_due_seconds
        if self._now < due_at:
            return due_at
        return self._paused_at + self.settings.words_late_seconds
