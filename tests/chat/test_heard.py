"""What was heard of a reply that was interrupted."""

from __future__ import annotations

import pytest

from chat_app.core.heard import CLIENT_BUFFER_SECONDS, PlayedClock, Spoken, TimedWord
from chat_app.core.words import words_of

FIRST, SECOND = "Paris is the capital of France,", "and it lies on the Seine."


def spoken() -> Spoken:
    reply = Spoken()
    reply.begin_clause(FIRST, 0.0)
    reply.end_clause(2.0)
    reply.begin_clause(SECOND, 2.2)
    reply.end_clause(4.0)
    return reply


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, ""),
        (0.15, ""),
        (2.0, FIRST),
        (2.2, FIRST),
        (4.0, f"{FIRST} {SECOND}"),
        (9.0, f"{FIRST} {SECOND}"),
    ],
)
def test_it_keeps_whole_clauses(seconds: float, text: str) -> None:
    assert spoken().heard_text(seconds) == text


TIMES = [("Paris", 0.1, 0.6), ("capital", 1.2, 1.5), ("of", 1.5, 1.6)]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.3, ""),
        (0.36, "Paris"),
        (1.34, "Paris is the"),
        (1.36, "Paris is the capital"),
        (1.56, "Paris is the capital of"),
        (1.7, "Paris is the capital of"),
        (1.9, FIRST),
    ],
)
def test_a_word_counts_as_heard_once_its_middle_was_played(
    seconds: float, text: str
) -> None:
    reply = Spoken()
    reply.begin_clause(FIRST, 0.0)
    reply.time_words([TimedWord(*each) for each in TIMES[:1]])
    reply.time_words([TimedWord(*each) for each in TIMES[1:]])
    reply.end_clause(2.0)
    assert reply.heard_text(seconds) == text


def test_words_that_the_voice_did_not_time_are_timed_by_their_letters() -> None:
    reply = Spoken()
    reply.begin_clause("one two three", 0.0)
    reply.time_words([TimedWord("eins", 5.0, 6.0)])
    reply.end_clause(1.3)
    assert reply.heard_text(0.7) == "one two"


def test_it_is_at_most_one_word_off_inside_a_clause() -> None:
    """Against words whose true times are proportional to their sounds."""
    sounds = [("Extraordinarily", 0.9), ("long", 0.3), ("words", 0.4), ("vary", 0.35)]
    sounds += [("in", 0.15), ("how", 0.2), ("long", 0.3), ("they", 0.2), ("take.", 0.4)]
    reply = Spoken()
    reply.begin_clause(" ".join(word for word, _ in sounds), 0.0)
    reply.end_clause(sum(seconds for _, seconds in sounds))
    passed = 0.0
    for number, (_, seconds) in enumerate(sounds):
        passed += seconds
        heard = len(reply.heard_text(passed).split())
        assert abs(heard - (number + 1)) <= 1


def test_it_follows_the_time_since_the_first_audio() -> None:
    clock = PlayedClock()
    assert clock.position(5.0) == 0.0
    clock.send(1.0, 10.0)
    assert clock.position(10.05) == 0.0
    assert clock.position(10.62) == pytest.approx(0.62 - CLIENT_BUFFER_SECONDS)
    assert clock.position(20.0) == 1.0


def test_it_does_not_count_the_time_in_which_there_was_nothing_to_play() -> None:
    clock = PlayedClock()
    clock.send(1.0, 10.0)
    clock.send(2.0, 15.0)
    assert clock.position(15.4) == pytest.approx(1.4)


def test_reports_of_the_client_override_the_clock() -> None:
    clock = PlayedClock()
    clock.send(3.0, 10.0)
    clock.report(0.4, 11.0)
    assert clock.position(11.2) == pytest.approx(0.6)
    clock.report(99.0, 12.0)
    assert clock.position(12.0) == 3.0


def test_the_position_stands_still_while_paused() -> None:
    clock = PlayedClock()
    clock.send(3.0, 10.0)
    clock.pause(11.0)
    where = clock.position(15.0)
    assert where == pytest.approx(1.0 - CLIENT_BUFFER_SECONDS)
    clock.resume(16.0)
    assert clock.position(16.5) == pytest.approx(where + 0.5)


def test_it_knows_which_words_may_still_be_in_the_room() -> None:
    reply = spoken()
    reply.clock.send(4.0, 10.0)
    second = words_of(SECOND)
    assert reply.words_since(5.0, 10.1) == words_of(FIRST)
    assert reply.words_since(5.0, 13.0) == words_of(FIRST) + second
    assert reply.words_since(12.5, 13.0) == second
    reply.end(14.2)
    assert reply.words_since(14.3, 20.0) == []


def test_it_estimates_the_end_of_a_clause_that_is_still_being_made() -> None:
    reply = Spoken()
    reply.begin_clause("fifteen letters", 1.0)
    assert reply.heard_text(1.2) == ""
    assert reply.heard_text(1.3) == "fifteen"
    assert reply.heard_text(2.0) == "fifteen letters"


def test_it_begins_when_the_rest_of_an_earlier_reply_was_played() -> None:
    clock = PlayedClock(queued_seconds=2.0)
    clock.send(1.0, 10.0)
    assert clock.position(12.0) == 0.0
    assert clock.position(12.5) == pytest.approx(0.5 - CLIENT_BUFFER_SECONDS)
