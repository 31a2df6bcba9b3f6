"""What people repeat is kept, what Whisper makes up is not, and nothing after it is lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from common.audio import SPEECH_RATE_HZ, Samples
from stt_app.core.engine import Word
from stt_app.core.whisper.hallucinations.repetition import (
    Belief,
    Repetition,
    belief,
    find_repetition,
    first_words,
    holds_sound,
    without_made_up,
)
from stt_app.core.whisper.hallucinations.segments import TextPiece
from tests.stt.sounds import sound

PHRASE, SENTENCE = "Seven of clubs.", "Every purchase is a vote."
A_WORD = 0.3


def spoken(text: str, start: float = 0.0, seconds: float = A_WORD) -> tuple[Word, ...]:
    """Its words, each as long as the other."""
    return tuple(
        Word(word, start + at * seconds, start + (at + 1) * seconds, 0.9)
        for at, word in enumerate(text.split())
    )


def piece(*words: Word) -> TextPiece:
    text = "".join(f" {word.word}" for word in words)
    return TextPiece(text, words[0].start, 3.0, -0.1, len(words), words, words[-1].end)


def looped(times: int, *, real: int) -> tuple[Word, ...]:
    """The phrase that often, of which only some took their time."""
    said = spoken(" ".join([PHRASE] * real))
    made_up = spoken(" ".join([PHRASE] * (times - real)), said[-1].end, 0.02)
    return (*said, *made_up)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a b c d", None),
        ("no no no", None),
        ("No, no. NO no", Repetition(0, 1, 4)),
        (f"Well. {PHRASE * 1} {f'{PHRASE} ' * 6}{SENTENCE}", Repetition(1, 3, 7)),
        ("one two " * 4, Repetition(0, 2, 4)),
        ("", None),
    ],
)
def test_a_repetition_is_four_times_the_same(
    text: str, found: Repetition | None
) -> None:
    assert find_repetition(text.split()) == found


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (spoken(SENTENCE), Belief(5)),
        (spoken(f"{f'{PHRASE} ' * 7}{SENTENCE}"), Belief(26)),
        (looped(30, real=1), Belief(3, is_made_up=True)),
        (looped(30, real=2), Belief(6, is_made_up=True)),
        # However long it goes on, only three are believed at a time.
        (looped(30, real=7), Belief(9)),
        (looped(7, real=7), Belief(9)),
        (spoken(f"{f'{PHRASE} ' * 7}Seven of"), Belief(9)),
    ],
)
def test_repetition_is_believed_where_it_took_its_time_and_ended(
    words: Sequence[Word], expected: Belief
) -> None:
    assert belief(words) == expected


def test_two_repetitions_in_one_text_are_both_judged() -> None:
    first = spoken(f"{f'{PHRASE} ' * 5}{SENTENCE}")
    second = spoken("on " * 3, first[-1].end)
    made_up = spoken("on " * 30, second[-1].end, 0.01)
    assert belief([*first, *second, *made_up]).words == len(first) + 3


class Recording:
    """Audio of phrases, and a model that loops on the first thing that it hears."""

    def __init__(self, text: str, *, loops: bool = True) -> None:
        self.words = spoken(text)
        self.samples: Samples = sound(self.words[-1].end, -0.5)
        self.asked: list[float] = []
        self._loops = loops

    def decode(self, seconds: float) -> list[TextPiece]:
        self.asked.append(seconds)
        rest = [word for word in self.words if word.start >= seconds - 0.01]
        found = find_repetition([word.word for word in rest])
        if found is None or not self._loops:
            return [piece(*rest)] if rest else []
        end = rest[found.end - 1].end
        made_up = spoken(" ".join([PHRASE] * 20), end, 0.01)
        return [piece(*rest[: found.end], *made_up)]

    def text(self) -> str:
        kept = without_made_up(self.decode(0.0), self.samples, self.decode)
        return "".join(each.text for each in kept).strip()


@pytest.mark.parametrize("times", [4, 7, 12])
@pytest.mark.parametrize("before", ["", "Listen to me. "])
def test_the_sentence_after_a_repetition_is_heard(times: int, before: str) -> None:
    said = f"{before}{f'{PHRASE} ' * times}{SENTENCE}"
    assert Recording(said).text() == said


def test_a_text_that_ends_its_repetition_itself_is_decoded_once() -> None:
    recording = Recording(f"{f'{PHRASE} ' * 7}{SENTENCE}", loops=False)
    assert recording.text().endswith(SENTENCE)
    assert recording.asked == [0.0]


def test_made_up_repetition_over_silence_is_cut_without_another_decoding() -> None:
    recording = Recording(f"{PHRASE} {SENTENCE}")
    loop = piece(*spoken(SENTENCE), *spoken("la " * 40, 1.5, 0.005))
    kept = without_made_up([loop], sound(1.6, -0.5), recording.decode)
    assert kept[0].text.strip() == f"{SENTENCE} la"
    assert recording.asked == []


@pytest.mark.parametrize(("real", "asked", "kept"), [(1, 2, 1), (3, 9, 24)])
def test_a_model_that_always_loops_ends(real: int, asked: int, kept: int) -> None:
    samples, times = sound(25), []

    def decode(seconds: float) -> list[TextPiece]:
        times.append(seconds)
        return [piece(*(word_at(word, seconds) for word in looped(30, real=real)))]

    found = without_made_up(decode(0.0), samples, decode)
    assert len(times) == asked
    assert sum(len(each.words) for each in found) == 3 * kept


def word_at(word: Word, seconds: float) -> Word:
    return Word(word.word, word.start + seconds, word.end + seconds, word.probability)


def test_pieces_are_cut_with_their_words() -> None:
    pieces = [piece(*spoken("One two.")), piece(*spoken("Three four five.", 1.0))]
    (first, cut) = first_words(pieces, 3)
    assert (first, cut.text) == (pieces[0], " Three")
    assert (cut.words, cut.end_seconds) == (pieces[1].words[:1], 1.3)
    assert first_words(pieces, 2) == pieces[:1]
    assert first_words(pieces, 0) == []


@pytest.mark.parametrize(
    ("samples", "seconds", "expected"),
    [
        (sound(2, 1), 2.0, True),
        (sound(2, -1), 2.0, False),
        (sound(2, -1), 1.9, False),
        (sound(2, -0.5, 0.4, -0.5), 2.0, True),
        (np.zeros(SPEECH_RATE_HZ, np.float32), 0.5, False),
        (np.zeros(10, np.float32), 0.0, False),
    ],
)
def test_it_knows_whether_anything_is_left(
    samples: Samples, seconds: float, expected: bool
) -> None:
    assert holds_sound(samples, seconds) is expected
