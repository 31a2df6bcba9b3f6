"""Text for speech: what is never said, what is never lost, and where it is cut."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given, settings, strategies as st

from tts_app.core.text.clauses import FIRST_CAP, LATER_CAP, Clause, SpeechText
from tts_app.core.text.english.normalizer import expand_english


def clauses(text: str, language: str = "en") -> list[str]:
    speech = SpeechText(language)
    return [*speech.push(text), *speech.finish()]


def hurried(speech: SpeechText) -> list[str]:
    return [clause.text for clause in speech.hurry()]


def said(text: str, language: str = "en") -> str:
    return " ".join(clauses(text, language))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Title\n\nSome **bold** text.", "Title Some bold text."),
        ("- one\n- two\n* three", "one two three"),
        ("1. Boil water.\n2. Pour it.", "1, Boil water. 2, Pour it."),
        ("> A quote\n> goes on.", "A quote goes on."),
        ('See [the docs](http://x.y/z "t"), please.', "See the docs, please."),
        ("An ![image of a cat](cat.png) here.", "An image of a cat here."),
        ("Go to https://example.com/a?b=c. Then stop.", "Go to link. Then stop."),
        ("Go to www.example.com/a.b now.", "Go to link now."),
        ("Run `make test` now.", "Run make test now."),
        ("Before\n```python\nprint(1)\n```\nafter.", "Before after."),
        ("~~~\nsecret\n~~~\nNot this.", "Not this."),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a, b, 1, 2,"),
        ("A <b>bold</b> move<br>now.", "A bold move now."),
        ("---\nLine.", "Line."),
        ("un**believ**able and snake_case", "unbelievable and snake case"),
        ("2*3 is 6", "2 times 3 is 6"),
        ("a < b", "a is less than b"),
        ("I 😀 you 👩‍👩‍👧 all 🇩🇪", "I you all"),
        ("Text [[ h@loU ]] here.", "Text h@loU here."),
        ("- [ ] open task\n- [x] done task", "open task done task"),
        ("Wait\x00 for \u202eit\ud800\u200b.", "Wait for it."),
        ("Tom &amp; Jerry", "Tom and Jerry"),
        ("One - or two — three.", "One, or two, three."),
        ("𝐇𝐞𝐥𝐥𝐨 there", "Hello there"),
    ],
)
def test_it_says_what_a_person_would_read(text: str, expected: str) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text", ["", "  \n", "...", "😀🎉", "***", "```\ncode\n```", "\x00", "—"]
)
def test_it_finds_nothing_to_say(text: str) -> None:
    assert clauses(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Dr. Smith paid at 5:30 p.m. on Jan. 5th. He left the U.S. Army.",
            [
                "Doctor Smith paid at 5 30 PM on January 5th.",
                "He left the U S Army.",
            ],
        ),
        (
            "Items cost 3.14 euros or 1,000 yen. Was it good? Yes!",
            ["Items cost 3.14 euros or 1,000 yen.", "Was it good?", "Yes!"],
        ),
        (
            "The library closes at nine, but come back, or write, or call, at any time.",
            [
                "The library closes at nine,",
                "but come back, or write, or call, at any time.",
            ],
        ),
        ("Well, yes.", ["Well, yes."]),
        ("It took approx. ten days.", ["It took approximately ten days."]),
        (
            "The kettle had been humming for a while before anyone noticed that the "
            "kitchen was empty.",
            [
                "The kettle had been humming for a while before anyone noticed,",
                "that the kitchen was empty.",
            ],
        ),
    ],
)
def test_it_cuts_where_a_speaker_would_pause(text: str, expected: list[str]) -> None:
    assert clauses(text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("zh", "你好，世界。再见。", ["你好，世界。", "再见。"]),
        ("fa", "می‌خواهم", ["می‌خواهم"]),
    ],
)
def test_it_keeps_and_cuts_other_scripts(
    language: str, text: str, expected: list[str]
) -> None:
    assert clauses(text, language) == expected


def test_it_gives_the_first_clause_before_the_sentence_ends() -> None:
    speech = SpeechText()
    assert speech.push("The library closes at nine, ") == [
        "The library closes at nine,"
    ]


def test_in_a_hurry_it_gives_the_first_words_up_to_a_joining_word() -> None:
    text = SpeechText("en")
    assert text.push("The oldest of the four ships ") == []
    assert hurried(text) == []
    assert text.push("in the harbour ") == []
    assert hurried(text) == ["The oldest of the four ships,"]
    assert hurried(text) == []
    assert text.push("sank and was never seen again by anybody. ") == []
    assert hurried(text) == []
    assert text.finish() == ["in the harbour sank and was never seen again by anybody."]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "Das älteste der vier Schiffe in dem Hafen sank "),
        ("en", "Oldest ships never sank because old ones did "),
        ("en", "One two three four five six seven eight nine "),
    ],
    ids=["other language", "early joint", "no joint"],
)
def test_a_hurry_never_tears_words_that_belong_together(
    language: str, words: str
) -> None:
    text = SpeechText(language)
    text.push(words)
    assert hurried(text) in ([], ["Oldest ships never sank,"])


def test_it_cuts_text_without_any_punctuation() -> None:
    found = clauses("and then " * 200)
    assert len(found[0]) <= FIRST_CAP + 1
    assert all(len(clause) <= LATER_CAP + 1 for clause in found)


def test_it_never_cuts_between_a_number_and_its_unit() -> None:
    for length in range(40, 90):
        found = clauses(f"{'go ' * (length // 3)}{'b' * (length % 3 + 1)} 5 km far")
        assert any("5 kilometres" in clause for clause in found), found


def test_it_cuts_one_endless_word() -> None:
    found = clauses("x" * 25_000)
    assert sum(map(len, found)) == 25_000
    assert all(len(clause) <= LATER_CAP for clause in found)


def test_it_reads_a_hostile_text_quickly() -> None:
    for text in (
        "[" * 20_000,
        "[ " * 10_000,
        "<a " * 8_000,
        "](" * 10_000,
        "*" * 20_000,
    ):
        assert clauses(text + " end") == ["end"] or "end" in said(text + " end")


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("It costs $3.50.", "It costs 3 dollars and 50 cents."),
        ("It costs $1.", "It costs 1 dollar."),
        ("It costs £0.01.", "It costs 1 penny."),
        ("It costs $5 million.", "It costs 5 million dollars."),
        ("It costs $1,250.", "It costs 1250 dollars."),
        ("At 10km/h or 5 kg.", "At 10 kilometres per hour or 5 kilograms."),
        ("On 2026-11-24.", "On November 24th, 20 26."),
        (
            "On 12/25/2026 or 25.12.1905.",
            "On December 25th, 20 26 or December 25th, 19 oh 5.",
        ),
        ("On 31/12/2007.", "On December 31st, 2007."),
        ("On 99/99/2026.", "On 99/99/2026."),
        (
            "Jan. 5 or 2 Feb. or Sept 3rd",
            "January 5th or 2nd February or September 3rd",
        ),
        (
            "In 1999, since 1900, 1914-1918.",
            "In 19 99, since 19 hundred, 19 14 to 19 18.",
        ),
        ("In 1999 we ate 1999 apples.", "In 19 99 we ate 1999 apples."),
        ("The 1990s and the late 80s.", "The 19 nineties and the late eighties."),
        (
            "At 9:00 or 9:05 p.m. or 17:00.",
            "At 9 o'clock or 9 oh 5 PM or 17 hundred.",
        ),
        ("At 9:00 a.m., a ratio of 16:9.", "At 9 AM, a ratio of 16 to 9."),
        ("Half past is 10:30.", "Half past is 10 30."),
        (
            "1/2 cup, 2 3/4 cups, 9/11.",
            "one half cup, 2 and three quarters cups, 9 11.",
        ),
        ("Call 555-0123.", "Call 5 5 5, 0 1 2 3."),
        ("Ring +1 (555) 010-9999.", "Ring plus 1, 5 5 5, 0 1 0, 9 9 9 9."),
        ("Ring 555-010-9999 now.", "Ring 5 5 5, 0 1 0, 9 9 9 9 now."),
        (
            "From $5-10 or 5 USD or 5.50 €.",
            "From 5 to 10 dollars or 5 US dollars or 5 euros and 50 cents.",
        ),
        ("¥500, EUR 3, $1.2M", "500 yen, 3 euros, 1.2 million dollars"),
        (
            "1 km, 1 ft, 100 m², 10²",
            "1 kilometre, 1 foot, 100 square metres, 10 squared",
        ),
        (
            "5 s, 20 min, 3.5 kWh, 2 h.",
            "5 seconds, 20 minutes, 3.5 kilowatt hours, 2 hours.",
        ),
        (
            "No. 5, Fig. 3 vs. Vol. 2, #7",
            "number 5, figure 3 versus volume 2, number 7",
        ),
        ("St. Mary's on Main St. ends.", "Saint Mary's on Main Street ends."),
        ("He lives on Main St.", "He lives on Main Street."),
        ("King Jr. w/o milk, Ph.D.", "King Junior without milk, P H D."),
        (
            "At 192.168.0.1 runs v1.2.3.",
            "At 192 point 168 point 0 point 1 runs v1.2.3.",
        ),
        ("Pages 10-12.", "Pages 10 to 12."),
        ("Call 555-0100-22.", "Call 5 5 5, 0 1 0 0, 2 2."),
        ("Mr. and Mrs. Jones", "Mister and Missus Jones"),
        ("I live on Main Dr.", "I live on Main Drive."),
    ],
)
def test_it_writes_out_what_is_read_badly(clause: str, expected: str) -> None:
    assert expand_english(clause) == expected


def test_it_keeps_phonemes_as_they_are() -> None:
    speech = SpeechText("en")
    found = [
        *speech.push("Say 5 kg of "),
        *speech.raw("h@'loU 5 kg"),
        *speech.push(", now."),
    ]
    assert [*found, *speech.finish()] == [
        "Say 5 kilograms of [[h@'loU 5 kg]],",
        "now.",
    ]


def test_it_cuts_on_demand_and_says_that_more_follows() -> None:
    speech = SpeechText("en")
    assert speech.push("One moment") == []
    assert [*speech.cut(open_ended=True)] == [Clause("One moment,")]
    assert [*speech.iterate("please"), *speech.cut()] == [Clause("please")]


MIXED = st.text(
    st.one_of(
        st.sampled_from(list("ab c.,!?1*_`[]()<>#-|\n:/😀。，你\u200d\u0301 ")),
        st.characters(),
    ),
    max_size=200,
)


@settings(max_examples=200, deadline=None)
@given(text=MIXED, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_it_gives_the_same_clauses_for_every_split(text: str, cuts: list[int]) -> None:
    speech = SpeechText("en")
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[a:b] for a, b in itertools.pairwise(edges)]
    streamed = [clause for piece in pieces for clause in speech.push(piece)]
    assert [*streamed, *speech.finish()] == clauses(text)


@settings(max_examples=200, deadline=None)
@given(text=MIXED)
def test_it_never_lets_markup_or_controls_through(text: str) -> None:
    found = clauses(f"Hello.\n\n{text}")
    assert found
    for clause in found:
        assert not set(clause) & set("*`[]{}~\\\x00\u202e")
        assert all(unicodedata.category(c) not in ("Cc", "Cs") for c in clause)
        assert clause == clause.strip()
        clause.encode("utf-8")


LETTERS = st.characters(categories=["L"], exclude_characters="")
WORDS = st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=30)


@settings(max_examples=200, deadline=None)
@given(words=WORDS, stops=st.lists(st.sampled_from([" ", ", ", ". ", "! ", "\n"])))
def test_it_never_loses_a_letter_of_any_script(
    words: list[str], stops: list[str]
) -> None:
    gaps = [*stops, *([" "] * len(words))]
    text = "".join(word + gap for word, gap in zip(words, gaps, strict=False))
    given_letters = [c for c in _plain(text) if c.isalpha()]
    assert [c for c in _plain(said(text, "xx")) if c.isalpha()] == given_letters


def _plain(text: str) -> str:
    """In the one spelling of each letter that both sides have."""
    return unicodedata.normalize("NFKD", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "She said hello. Привет, как дела? Then she left.",
            [
                ("She said hello.", ""),
                ("Привет, как дела?", "ru"),
                ("Then she left.", ""),
            ],
        ),
        (
            "Good morning. 早上好。\n\nBye now.",
            [("Good morning.", ""), ("早上好。", "zh"), ("Bye now.", "")],
        ),
        # A name within a clause is left out, and so is a script without a voice.
        ("Tokyo (東京) is big.", [("Tokyo is big.", "")]),
        ("مرحبا means hello.", [("means hello.", "")]),
        ("Say it. مرحبا بكم. Thanks.", [("Say it.", ""), ("Thanks.", "")]),
        ("Das ist gut. Café au lait.", [("Das ist gut.", ""), ("Café au lait.", "")]),
    ],
)
def test_a_clause_in_another_script_is_for_a_voice_of_its_language(
    text: str, expected: list[tuple[str, str]]
) -> None:
    speech = SpeechText("en", ["de", "ru", "zh"])
    found = [*speech.iterate(text), *speech.rest()]
    assert [(clause.text, clause.language) for clause in found] == expected
