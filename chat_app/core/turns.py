"""Whose turn it is: two tracks, the user's speech and the server's reply.

    input    QUIET -> CANDIDATE -> SPEAKING -> SOFT_END -> (SPEAKING | COMMITTED) -> QUIET
    output   IDLE -> SPECULATING -> THINKING -> PLAYING -> (PAUSED -> PLAYING | IDLE) -> IDLE

It is told events with the time and returns actions, and does nothing itself. In the
pause that may end a turn, the reply is prepared; nothing of it leaves before the commit.
Speech during a reply pauses it. Words, a stop-word or lasting speech interrupt it; an
"uh-huh", a cough or the server's own voice let it go on.
"""

from __future__ import annotations

from typing import Any

from chat_app.core import actions as do, events as on
from chat_app.core.interruptions import ECHO_AGAIN_SECONDS, Interruptions
from chat_app.core.states import ACTIVE, OPEN, Input, Output
from chat_app.core.timing import LIKELY_SHARE
from chat_app.core.user_turn import UserTurn


class TurnMachine(Interruptions):
    """The state of one conversation. It needs a Tick whenever `deadline` has passed."""

    def handle(self, event: on.TurnEvent, now: float) -> list[do.TurnAction]:
        """The actions for this event, in order."""
        self._now, self._actions = now, []
        handler: Any = _HANDLERS[type(event)]
        handler(self, event)
        return self._actions

    @property
    def deadline(self) -> float | None:
        """When the next Tick is due; None while nothing is waited for."""
        due = []
        if self.input in OPEN:
            due.append(self._audio_at + self.settings.stalled_seconds)
        if self.output is Output.THINKING:
            due.append(self._waits_since + self.settings.reply_seconds)
        if self.output is Output.PAUSED:
            due.append(self._words_due_at())
        if self.input is Input.SOFT_END and self._speculate_at is not None:
            due.append(self._speculate_at)
        if (too_long_at := self._silent_too_long_at) is not None:
            due.append(too_long_at)
        return min(due, default=None)

    @property
    def _silent_too_long_at(self) -> float | None:
        """When silence becomes a turn; None while it is none, or need not be answered."""
        idle_seconds = self.settings.idle_seconds
        if idle_seconds is None or self._silent_since is None or not self.is_idle:
            return None
        return self._silent_since + idle_seconds

    @property
    def is_idle(self) -> bool:
        """Whether nobody speaks, and nothing is being prepared."""
        return self.input is Input.QUIET and self.output is Output.IDLE

    def mutes_input(self, now: float) -> bool:
        """Whether the input must be silent, in half-duplex."""
        if not self.settings.half_duplex:
            return False
        tail_seconds = self.settings.half_duplex_tail_seconds
        return self.output is Output.PLAYING or now < self._ended_at + tail_seconds

    def _candidate_began(self, event: on.CandidateBegan) -> None:
        self._audio_at = self._now
        self._candidate = (event.start_seconds, self._now)
        self._voiced, self._candidate_was_echo = 0.0, False
        self._pause_again_at = None
        self.input = Input.CANDIDATE
        if self.output is Output.PLAYING and self._is_due(
            self._echo_at, ECHO_AGAIN_SECONDS
        ):
            self._actions.append(do.TellCandidate())

    def _voice_heard(self, event: on.VoiceHeard) -> None:
        self._audio_at = self._now
        goes_on = event.voiced_seconds > self._voiced
        self._voiced = event.voiced_seconds
        settings = self.settings
        needed = settings.speech_seconds
        if self.output in ACTIVE:
            needed = settings.pause_output_seconds
        if self.input is Input.CANDIDATE and goes_on and self._voiced >= needed:
            self._speak()
        elif self.input is Input.SPEAKING and goes_on and self.turn is not None:
            self.turn.is_echo = self._is_own_voice()
            if not self.turn.is_echo:
                self._pause_again(self.turn)
        self._look_at_the_clock()

    def _speak(self) -> None:
        """The candidate is speech, unless it is an echo: then it remains a candidate."""
        if self._is_own_voice():
            self._candidate_was_echo = True
            return
        self.input = Input.SPEAKING
        start_seconds, began_at = self._candidate
        if self.turn is None:
            self._turns += 1
            self.turn = UserTurn(self._turns, start_seconds, began_at)
        else:
            self.turn.resume()
        if self.output in ACTIVE and not self.turn.claimed:
            self._pause()
        else:
            self._claim()

    def _pause_began(self, _event: on.PauseBegan) -> None:
        if self.input is Input.CANDIDATE:
            self._speak()  # a word shorter than what pauses the output
        if self.input is not Input.SPEAKING:
            return
        self.input = Input.SOFT_END
        turn = self._open_turn()
        turn.begin_pause()
        self._pause_at, self._speculate_at = self._now, None
        self._delay = None
        self._set_delay()
        if self._asks_model and turn.claimed:
            self._actions.append(do.AskCompleteness(turn.key))

    def _speech_resumed(self, _event: on.SpeechResumed) -> None:
        if self.input is Input.SOFT_END:
            self.input = Input.SPEAKING
            turn = self._open_turn()
            if turn.dismissed:
                turn.dismissed = False
                self._pause_again_at = self._voiced + self.settings.pause_output_seconds
            turn.resume()
            self._drop_speculation()

    def _interim_heard(self, event: on.InterimHeard) -> None:
        if self.turn is not None and self.input in OPEN:
            self.turn.hear_interim(event)
            self._judge(self.turn.text_so_far)

    def _text_prepared(self, event: on.TextPrepared) -> None:
        if self.turn is None or self.input is not Input.SOFT_END:
            return
        self.turn.prepare(event)
        self._judge(self.turn.text_so_far, is_complete=True)
        if self.turn.claimed:
            self._set_delay()
            self._speculate()

    def _completeness_rated(self, event: on.CompletenessRated) -> None:
        turn = self.turn
        if turn is None or turn.key != event.key or self.input is not Input.SOFT_END:
            return
        turn.probability = event.probability
        self._set_delay()

    def _set_delay(self) -> None:
        """Say how long this pause must be, if that has changed."""
        turn = self._open_turn()
        hangs = self.words.hangs(turn.text_if_it_ends or "")
        delay = self.settings.delays.after(
            turn.probability, hangs=hangs, patience=self.patience
        )
        if delay != self._delay:
            self._delay = delay
            self._actions.append(do.WaitForSilence(delay, turn.key, turn.probability))

    def _utterance_ended(self, event: on.UtteranceEnded) -> None:
        if self.input is Input.CANDIDATE:
            if not self._candidate_was_echo:
                self._speak()
            if self.input is Input.CANDIDATE:
                self.input = Input.QUIET  # an echo
        if self.input not in OPEN:
            return
        turn = self._open_turn()
        turn.pending.add(event.utterance)
        if event.continues:
            self.input = Input.SPEAKING
            self._drop_speculation()
            return
        self.input = Input.COMMITTED
        turn.ended, turn.end_seconds = True, event.end_seconds
        if turn.claimed:
            self._actions.append(do.TellSpeechStopped(turn.number, turn.end_seconds))

    def _utterance_heard(self, event: on.UtteranceHeard) -> None:
        if self.turn is not None and event.utterance in self.turn.pending:
            self.turn.hear(event)
            self._judge(self.turn.text_so_far)
            self._finish()

    def _candidate_dropped(self, _event: on.CandidateDropped) -> None:
        turn, was_open = self.turn, self.input in OPEN
        if was_open:
            self.input = Input.QUIET
        if turn is None or turn.ended or not was_open:
            return
        # After a cut, the earlier part of the turn may still have a text.
        turn.ended, turn.end_seconds = True, self._candidate[0]
        if turn.claimed:
            self._actions.append(do.TellSpeechStopped(turn.number, turn.end_seconds))
        self._finish()

    def _input_cleared(self, _event: on.InputCleared) -> None:
        self.input = Input.QUIET
        if self.turn is not None:
            self._drop_turn("cleared")

    def _finish(self) -> None:
        """Commit or drop the turn, once it has ended and all of its texts are known."""
        turn = self.turn
        if turn is None or not turn.ended or turn.pending:
            return
        if self.input is Input.COMMITTED:
            self.input = Input.QUIET
        if (why_not := self._why_not(turn.text)) is not None:
            self._drop_turn(why_not)
            return
        if not turn.claimed:
            self._take_the_floor()
        self._commit()

    def _drop_turn(self, why: str) -> None:
        turn, self.turn = self._open_turn(), None
        self._drop_speculation()
        if self._silent_since is not None:
            self._silent_since = self._now
        self._actions.append(do.DropTurn(turn.number, why))
        self._resume()

    def _speculate(self) -> None:
        """Prepare the reply, if this pause is likely to be the end.

        An unlikely end becomes likely with time: then in the second half of the pause.
        """
        turn = self._open_turn()
        text = turn.text_if_it_ends
        if not text or not self.settings.replies:
            return
        unlikely = self.settings.delays.is_unlikely(turn.probability)
        likely_at = self._pause_at + LIKELY_SHARE * (self._delay or 0.0)
        if (unlikely or self.words.hangs(text)) and self._now < likely_at:
            self._speculate_at = likely_at
            return
        self._speculate_at = None
        if self.output is not Output.IDLE or not self._may_speculate():
            return
        if turn.speculations >= self.settings.speculations:
            return
        turn.speculations += 1
        self._begin_reply(do.StartReply(turn.key, text, speculative=True))
        self.output = Output.SPECULATING

    def _tick(self, _event: on.Tick) -> None:
        self._look_at_the_clock()
        if self.input in OPEN and self._is_due(
            self._audio_at, self.settings.stalled_seconds
        ):
            self._audio_at = self._now
            self._actions.append(do.Flush())
        waits = self.input is Input.SOFT_END and self._speculate_at is not None
        if waits and self._now >= (self._speculate_at or 0.0):
            self._speculate()
        if self.output is Output.THINKING and self._is_due(
            self._waits_since, self.settings.reply_seconds
        ):
            self._cancel(do.CancelReason.TIMED_OUT)
        too_long_at = self._silent_too_long_at
        if too_long_at is not None and self._is_due(too_long_at, 0.0):
            self._answer_silence()


_HANDLERS = {
    on.CandidateBegan: TurnMachine._candidate_began,
    on.CandidateDropped: TurnMachine._candidate_dropped,
    on.VoiceHeard: TurnMachine._voice_heard,
    on.PauseBegan: TurnMachine._pause_began,
    on.SpeechResumed: TurnMachine._speech_resumed,
    on.InterimHeard: TurnMachine._interim_heard,
    on.TextPrepared: TurnMachine._text_prepared,
    on.CompletenessRated: TurnMachine._completeness_rated,
    on.UtteranceEnded: TurnMachine._utterance_ended,
    on.UtteranceHeard: TurnMachine._utterance_heard,
    on.InputCleared: TurnMachine._input_cleared,
    on.ReplyReady: TurnMachine._reply_ready,
    on.ReplyFailed: TurnMachine._reply_failed,
    on.ReplySent: TurnMachine._reply_sent,
    on.ReplyPlayed: TurnMachine._reply_played,
    on.ReplyAsked: TurnMachine._reply_asked,
    on.ReplyCancelled: TurnMachine._reply_cancelled,
    on.Tick: TurnMachine._tick,
}
