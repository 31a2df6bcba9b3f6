"""The domain events of a session as turns: the messages of `WS /v2/listen`.

The order is that of https://developers.deepgram.com/docs/flux/state: StartOfTurn,
(EagerEndOfTurn, TurnResumed)*, perhaps EagerEndOfTurn, EndOfTurn. Turns follow each
other, although speech may begin again before the text of the turn before is known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from common.audio import SPEECH_RATE_HZ
from common.text_cleaning import clean_text
from compat_app.deepgram.errors import fatal_code
from compat_app.deepgram.flux import messages
from compat_app.deepgram.flux.thresholds import TurnEnd, rated_confidence
from compat_app.deepgram.flux.turn import Said, Turn
from stt_app.core.events import (
    CandidateDropped,
    EndReason,
    InterimResult,
    PauseBegun,
    SessionEvent,
    SessionReady,
    SpeculativeFinal,
    SpeechConfirmed,
    SpeechEnded,
    SpeechResumed,
    TurnRated,
    UtteranceFailed,
    UtteranceTranscribed,
)

UPDATE_SECONDS = 0.25


class TurnMapper:
    """Maps the events of one connection.

    `audio_seconds` gives the position of the audio. `map_event` takes events, and `due`
    is asked after each piece of audio.
    """

    def __init__(
        self,
        request_id: str,
        turn_end: TurnEnd,
        audio_seconds: Callable[[], float],
        *,
        tells_language: bool = False,
        hints: Sequence[str] = (),
    ) -> None:
        self.turn_end = turn_end
        self.hints = hints
        self._request_id = request_id
        self._audio_seconds = audio_seconds
        self._tells_language = tells_language
        self._turns: deque[Turn] = deque()
        """The current turn, and those that wait for its end to be told."""
        self._index = 0
        self._told_seconds = 0.0

    @property
    def speaking(self) -> bool:
        """Whether a turn is in progress."""
        return bool(self._turns) and self._turns[-1].trigger is None

    def map_event(self, event: SessionEvent) -> Iterator[BaseModel]:
        """The messages for this event, in order."""
        match event:
            case SessionReady():
                yield messages.Connected(request_id=self._request_id)
            case SpeechConfirmed():
                yield from self._begin(event)
            case UtteranceTranscribed() | UtteranceFailed():
                yield from self._hear_result(event)
            case _:
                yield from self._follow(event)

    def due(self) -> Iterator[BaseModel]:
        """`EagerEndOfTurn` if the pause is long enough; else `Update` every 0.25 s.

        After an eager end an update would say that speech goes on: LiveKit's plugin
        (`stt_v2.py`) drops its early answer then.
        """
        yield from self._eager_end()
        waits = bool(self._turns) and self._turns[0].eager is not None
        if not waits and self._audio_seconds() - self._told_seconds >= UPDATE_SECONDS:
            yield self._info("Update")

    def _follow(self, event: SessionEvent) -> Iterator[BaseModel]:
        """Events inside of the newest turn."""
        if not self.speaking and isinstance(event, SpeechEnded):
            # Speech after a pause so long that the turn before was cut and dropped.
            yield from self._begin(event)
        if not self.speaking:
            return
        turn = self._turns[-1]
        match event:
            case InterimResult():
                turn.hear_interim(event)
                if turn is self._turns[0] and turn.eager is None:
                    yield self._info("Update")
            case PauseBegun():
                turn.pause_from_seconds = event.speech_end_sample / SPEECH_RATE_HZ
            case SpeculativeFinal():
                turn.prepared = event
                yield from self._eager_end()
            case TurnRated():
                rated = rated_confidence(event.probability, hangs=event.hangs)
                turn.rated = rated
                yield from self._eager_end()
            case SpeechResumed():
                if turn.resume():
                    yield self._info("TurnResumed")
            case SpeechEnded() | CandidateDropped():
                yield from self._end_utterance(turn, event)

    def _begin(self, event: SpeechConfirmed | SpeechEnded) -> Iterator[BaseModel]:
        self._turns.append(Turn(event.start_sample / SPEECH_RATE_HZ))
        if len(self._turns) == 1:
            yield self._info("StartOfTurn")

    def _end_utterance(
        self, turn: Turn, event: SpeechEnded | CandidateDropped
    ) -> Iterator[BaseModel]:
        if isinstance(event, CandidateDropped):
            # The rest of a turn that was cut, without a word.
            turn.trigger = self.turn_end.trigger(turn.rated)
        else:
            turn.pending.add(event.utterance_id)
            if event.reason is EndReason.LIMIT:
                if turn.resume():
                    yield self._info("TurnResumed")
            else:
                forced = event.reason is EndReason.FLUSH
                turn.trigger = "manual" if forced else self.turn_end.trigger(turn.rated)
        yield from self._ended_turns()

    def _hear_result(
        self, event: UtteranceTranscribed | UtteranceFailed
    ) -> Iterator[BaseModel]:
        for turn in self._turns:
            if event.utterance_id in turn.pending:
                if isinstance(event, UtteranceTranscribed):
                    turn.hear_final(event)
                else:
                    turn.pending.discard(event.utterance_id)
                    turn.said.pop(event.utterance_id, None)
        if isinstance(event, UtteranceFailed):
            yield messages.Warning(
                request_id=self._request_id,
                code=fatal_code(event.error),
                description=clean_text(event.error.message),
            )
        yield from self._ended_turns()

    def _eager_end(self) -> Iterator[BaseModel]:
        """`EagerEndOfTurn`, once the pause and its text allow it."""
        turn = self._turns[0] if self._turns else None
        if turn is None or turn.trigger is not None:
            return
        said = turn.if_it_ends()
        if said is None or not said.text or said == turn.eager:
            return
        if self.turn_end.is_eager_end(self._pause_seconds(turn), turn.rated):
            if turn.eager is not None:
                yield self._info("TurnResumed", said)
            turn.eager = said
            yield self._info("EagerEndOfTurn", said)

    def _ended_turns(self) -> Iterator[BaseModel]:
        """Tell the ends of turns that have all of their texts."""
        while self._turns and self._turns[0].is_done:
            turn = self._turns[0]
            said = turn.so_far()
            if turn.eager is not None and said.text != turn.eager.text:
                yield self._info("TurnResumed", said)
            yield self._info("EndOfTurn", said, trigger=turn.trigger)
            self._turns.popleft()
            self._index += 1
            if self._turns:
                yield self._info("StartOfTurn")

    def _info(
        self, event: messages.TurnEvent, said: Said | None = None, **further: Any
    ) -> messages.TurnInfo:
        now = self._told_seconds = self._audio_seconds()
        turn = self._turns[0] if self._turns else None
        said = said or ((turn.eager or turn.so_far()) if turn else Said())
        language = turn.language if turn and self._tells_language else ""
        return messages.TurnInfo(
            request_id=self._request_id,
            event=event,
            turn_index=self._index,
            audio_window_start=round(turn.start_seconds if turn else now, 3),
            audio_window_end=round(now, 3),
            transcript=said.text,
            words=list(said.words),
            end_of_turn_confidence=round(self._confidence(turn), 4),
            languages=[language] if language else None,
            languages_hinted=list(self.hints) or None,
            **further,
        )

    def _confidence(self, turn: Turn | None) -> float:
        if turn is None:
            return 0.0
        if turn.trigger == "model":
            return max(turn.rated or 0.0, self.turn_end.eot_threshold)
        return self.turn_end.confidence(self._pause_seconds(turn), turn.rated)

    def _pause_seconds(self, turn: Turn) -> float:
        if turn.pause_from_seconds is None:
            return 0.0
        return self._audio_seconds() - turn.pause_from_seconds
