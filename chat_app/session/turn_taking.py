"""Connects the state machine of one conversation to its input and its replies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from chat_app.conversation.background import Alarm, Background
from chat_app.conversation.options import ConversationOptions
from chat_app.core import actions as do, events as on, outputs as out
from chat_app.core.dialogue import Dialogue
from chat_app.core.states import OPEN, Input
from chat_app.core.timing import TurnSettings
from chat_app.core.turns import TurnMachine
from chat_app.core.user_turn import HeardWord
from chat_app.replies.replies import Replies
from chat_app.replies.running import Question
from chat_app.replies.sink import EventSink
from chat_app.session.compaction import Compaction
from chat_app.session.hearing import turn_events
from chat_app.session.pauses import Pauses
from chat_app.session.turn_cues import ASK_AFTER_SECONDS, TurnCues
from chat_app.session.turn_items import TurnItems
from stt_app.core import events as heard
from stt_app.live_session import LiveSession


class TurnTaking:
    """Passes events to the state machine, and carries out its actions.

    While it is parked nothing is answered, and an open turn stays open.
    """

    def __init__(
        self,
        live: LiveSession,
        dialogue: Dialogue,
        replies: Replies,
        compaction: Compaction,
        cues: TurnCues,
        sink: EventSink,
    ) -> None:
        """Call `configure` before the first event."""
        self.language = ""
        """The language of the speech; empty while it is unknown."""
        self.is_parked = False
        self._options = ConversationOptions()
        self._live = live
        self._replies = replies
        self._compaction = compaction
        self._cues = cues
        self._put = sink.put
        self._clock = sink.clock
        self._stage_times = replies.stage_times
        self._missed: list[heard.SessionEvent] = []
        """Events of the live session while parked: few, because it gets no audio."""
        self._utterance_words: dict[int, Sequence[HeardWord]] = {}
        """The words of the utterances that are not committed."""
        self._background = Background()
        self._alarm = Alarm(lambda: self.tell(on.Tick()), sink.clock)
        self._items = TurnItems(dialogue, sink.put)
        self._pauses = Pauses(live, sink.put)
        self.machine = TurnMachine(
            TurnSettings(),
            cues.words(""),
            replies.output,
            asks_model=cues.has_model,
            may_speculate=replies.may_speculate,
            hears_itself=lambda: replies.output.is_heard_in(live.open_audio()),
        )

    def configure(self, options: ConversationOptions) -> None:
        """Set the options of what follows."""
        self.language = options.language or self.language
        self.machine.settings = options.turns
        self.machine.words = self._cues.words(self.language)
        self._options = options
        self._replies.use(options)
        self._compaction.use(options, self.language)
        self._pauses.use(options)

    def tell(self, event: on.TurnEvent) -> None:
        """Pass an event to the state machine, and carry out its actions."""
        for action in self.machine.handle(event, self._clock()):
            self._perform(action)
        self._alarm.set(None if self.is_parked else self.machine.deadline)
        self._compaction.look()

    def hear(self, event: heard.SessionEvent) -> None:
        """An event of the live session."""
        if self.is_parked:
            self._missed.append(event)
            return
        self._stage_times.hear(event, self._live.audio_seconds)
        if isinstance(event, heard.UtteranceFailed):
            self._put(out.InputFailed(event.error))
        if isinstance(event, heard.UtteranceTranscribed) and event.language:
            if not self._options.language:
                self.machine.words = self._cues.words(event.language)
            self.language = self._compaction.language = event.language
        if isinstance(event, heard.UtteranceTranscribed) and event.words:
            self._utterance_words[event.utterance_id] = [
                HeardWord(each.word, each.probability) for each in event.words
            ]
        for told in turn_events(event):
            self.tell(told)
        if isinstance(event, heard.InterimResult):
            self._caption()

    def question(self, text: str) -> None:
        """Set the question that the next reply answers, for the records."""
        self._replies.question = Question(text, self.language)

    def park(self) -> None:
        """The connection is lost. A reply ends at what was heard."""
        self._end()
        self.is_parked = True

    def resume(self) -> None:
        """The client has reconnected: tell it of an open turn, and process missed events."""
        self.is_parked = False
        self.tell(on.VoiceHeard(self._live.voiced_seconds))
        turn = self.machine.turn
        if turn is not None and turn.claimed and self.machine.input in OPEN:
            self._items.start(do.TellSpeechStarted(turn.number, turn.start_seconds))
        missed, self._missed = self._missed, []
        for event in missed:
            self.hear(event)

    async def close(self) -> None:
        """The client has gone, or the server ends the conversation."""
        self._end()
        await self._background.close()

    def _end(self) -> None:
        self.tell(on.ReplyCancelled())
        self._alarm.close()

    def _perform(self, action: do.TurnAction) -> None:
        match action:
            case do.TellCandidate():
                self._put(out.CandidateHeard())
            case do.TellSpeechStarted():
                self._items.start(action)
            case do.TellSpeechStopped():
                self._items.stop(action)
            case do.RestartUtterance():
                self._live.discard(restarts=True)
            case do.AskCompleteness():
                self._background.run(self._rate(action))
            case do.WaitForSilence():
                self._pauses.choose(action)
            case do.Flush():
                self._live.flush()
            case do.CommitTurn():
                self._commit(action)
            case do.CommitSilence():
                self._items.commit_silence(action, self._live.audio_seconds)
            case do.DropTurn():
                self._items.drop(action)
            case do.ReopenTurn():
                self._items.reopen(action, self._replies.output.last_item_id)
            case _:
                self._replies.perform(action)

    def _commit(self, action: do.CommitTurn) -> None:
        self._stage_times.mark("committed")
        self.question(action.text)
        words = self._take_words(action.utterances)
        self._items.commit(action, self._stage_times.turn_seconds, self.language, words)

    def _take_words(self, utterances: Sequence[int]) -> tuple[HeardWord, ...]:
        """The words of these utterances; those of earlier ones are dropped."""
        newest = max(utterances, default=0)
        kept = self._utterance_words
        self._utterance_words = {e: kept[e] for e in kept if e > newest}
        return tuple(word for each in utterances for word in kept.get(each, ()))

    def _caption(self) -> None:
        """Send the caption of the open turn, once that has the floor."""
        if (turn := self.machine.turn) is None or not turn.claimed:
            return
        text = turn.text_so_far
        self._put(out.CaptionHeard(self._items.id_of(turn.number), text))
        if self.machine.input is Input.SPEAKING:
            self._replies.hear(text)

    async def _rate(self, asked: do.AskCompleteness) -> None:
        await asyncio.sleep(ASK_AFTER_SECONDS)
        if (turn := self.machine.turn) is None or turn.key != asked.key:
            return
        probability = await self._cues.rate(self._live.open_audio())
        self._stage_times.mark("rated")
        self.tell(on.CompletenessRated(asked.key, probability))
