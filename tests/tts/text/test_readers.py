"""SSML and raw phonemes: what becomes clauses and pauses, and what is refused where."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from common.errors import BadValue
from tts_app.core.text.clauses import Clause
from tts_app.core.text.readers import Input, Line, Pause, make_reader


def lines(text: str, kind: Input = "ssml", language: str = "en_US") -> list[Line]:
    reader = make_reader(kind, language)
    return [*reader.iterate(text), *reader.finish()]


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("Hello.", [Clause("Hello.")]),
        ("Tom &amp; Jerry &#65;", [Clause("Tom and Jerry A")]),
        ("<p>One</p><p>Two</p>", [Clause("One"), Clause("Two")]),
        (
            'Wait <break time="500ms"/> for it.',
            [Clause("Wait,"), Pause(0.5), Clause("for it.")],
        ),
        ('One. <break strength="strong"/>', [Clause("One."), Pause(0.7)]),
        ('One<break strength="none"/> two.', [Clause("One two.")]),
        (
            'Now <prosody rate="slow">very slowly</prosody>, then on.',
            [Clause("Now,"), Clause("very slowly,", 0.75), Clause("then on.")],
        ),
        (
            '<prosody rate="200%"><prosody rate="0.5">As ever.</prosody></prosody>',
            [Clause("As ever.")],
        ),
        ('<sub alias="World Wide Web">WWW</sub>.', [Clause("World Wide Web.")]),
        (
            'Say <phoneme ph="təˈmɑːtoʊ">tomato</phoneme>!',
            [Clause("Say [[təˈmɑːtoʊ]]!")],
        ),
        ('<say-as interpret-as="characters">WiFi5</say-as>', [Clause("W, i, F, i, 5")]),
        ('<say-as interpret-as="telephone">555-01</say-as>', [Clause("5 5 5, 0 1")]),
        ('<say-as interpret-as="ordinal">1,003</say-as>', [Clause("1003rd")]),
        ('<say-as interpret-as="cardinal">1,003</say-as>', [Clause("1003")]),
        (
            '<say-as interpret-as="date" format="dmy">2/3/2026</say-as>',
            [Clause("March 2nd, 20 26")],
        ),
        (
            '<say-as interpret-as="date" format="yyyymmdd">20260302</say-as>',
            [Clause("March 2nd, 20 26")],
        ),
        (
            '<say-as interpret-as="date" format="dd/mm/yyyy">2/3/2026</say-as>',
            [Clause("March 2nd, 20 26")],
        ),
        (
            '<say-as interpret-as="date" format="ym" detail="1">2026-03</say-as>',
            [Clause("March, 20 26")],
        ),
        ('<say-as interpret-as="time">9:00</say-as>', [Clause("9 o'clock")]),
        ('<say-as interpret-as="fraction">3/8</say-as>', [Clause("three eighths")]),
        ('<say-as interpret-as="unit">5kg</say-as>', [Clause("5 kilograms")]),
        (
            'One <break time=".5s"/><break time="+500ms"/>',
            [Clause("One,"), Pause(0.5), Pause(0.5)],
        ),
        (
            '<prosody rate="+20%">Fast.</prosody><prosody rate="-20%">Slow.</prosody>',
            [Clause("Fast.", 1.2), Clause("Slow.", 0.8)],
        ),
        ('<prosody rate=".5">Slow.</prosody>', [Clause("Slow.", 0.5)]),
        ("a\nb", [Clause("a b")]),
        ("", []),
    ],
)
def test_it_reads_ssml(inside: str, expected: list[Line]) -> None:
    assert lines(f"<speak>{inside}</speak>") == expected


def test_it_leaves_other_languages_their_dates() -> None:
    document = '<speak><say-as interpret-as="date">3.4.2026</say-as></speak>'
    assert lines(document, language="de_DE") == [Clause("3.4.2026")]


@pytest.mark.parametrize(
    ("language", "how", "text", "expected"),
    [
        ("de_DE", "ordinal", "3", "dritte"),
        ("fr_FR", "cardinal", "1,003", "mille trois"),
        ("ru_RU", "ordinal", "2", "второй"),
        ("zh_CN", "cardinal", "1003", "1003"),
        ("xx", "ordinal", "3", "3"),
    ],
)
def test_it_spells_numbers_in_other_languages(
    language: str, how: str, text: str, expected: str
) -> None:
    document = f'<speak><say-as interpret-as="{how}">{text}</say-as></speak>'
    assert lines(document, language=language) == [Clause(expected)]


@pytest.mark.parametrize(
    ("document", "where", "problem"),
    [
        (
            "<speak>Hi <b>you</b></speak>",
            "line 1, column 11",
            "<b> is not known; allowed",
        ),
        ("<speak>\n  Hi</speek>", "line 2, column 7", "mismatched tag"),
        ("Hello", "line 1, column 1", "syntax error"),
        ("<p>Hello</p>", "line 1, column 1", "<speak> must be the only root"),
        ('<speak><break time="1h"/></speak>', "line 1, column 8", "500ms or 1.5s"),
        ('<speak><break time="11s"/></speak>', "line 1, column 8", "at most 10s"),
        ('<speak><break strength="huge"/></speak>', "line 1, column 8", "x-strong"),
        ('<speak><prosody rate="9">x</prosody></speak>', "line 1", "0.25 to 4"),
        ('<speak><prosody rate="quick">x</prosody></speak>', "line 1", "x-slow"),
        ('<speak><prosody pitch="+1">x</prosody></speak>', "line 1", "allowed: rate"),
        ('<speak><say-as interpret-as="x">x</say-as></speak>', "line 1", "ordinal"),
        ("<speak><sub>x</sub></speak>", "line 1, column 8", "`alias`"),
        ('<speak><phoneme ph="a]]b">x</phoneme></speak>', "line 1", "without ["),
        ('<speak><phoneme ph="a" alphabet="x-sampa">x</phoneme></speak>', "", "espeak"),
        ('<speak><sub alias="x"><p>x</p></sub></speak>', "column 23", "only text"),
        ("<speak><break>x</break></speak>", "line 1", "<break> is empty"),
        ("<speak><?php x ?></speak>", "line 1, column 8", "processing instruction"),
        ("<speak>" + "<p>" * 20, "line 1", "more than 20"),
        ("<speak>" + '<break time="9s"/>' * 7, "line 1", "longer than 60s"),
        ("<speak>a\x00b</speak>", "line 1", "invalid token"),
    ],
)
def test_it_points_at_what_is_wrong(document: str, where: str, problem: str) -> None:
    with pytest.raises(BadValue) as refused:
        lines(document)
    assert where in refused.value.message
    assert problem in refused.value.message
    assert refused.value.field == "text"


def test_it_expands_no_entities() -> None:
    bomb = '<!DOCTYPE speak [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><speak>&b;</speak>'
    outside = '<!DOCTYPE speak SYSTEM "file:///etc/passwd"><speak>x</speak>'
    for document in (bomb, outside):
        with pytest.raises(BadValue, match="a document type is not allowed"):
            lines(document)
    with pytest.raises(BadValue, match="undefined entity"):
        lines("<speak>&b;</speak>")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Say [[ t@m'A:toU ]] now.", [Clause("Say [[t@m'A:toU]] now.")]),
        ("[[a]]", [Clause("[[a]]")]),
        ("Nothing *special*.", [Clause("Nothing special.")]),
    ],
)
def test_it_takes_phonemes_in_double_brackets(text: str, expected: list[Line]) -> None:
    assert lines(text, "phonemes") == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("one\ntwo [[a", "without its `]]` at line 2, column 5"),
        ("a]] b", "unexpected `]]` at line 1, column 2"),
        ("[[a [[b]]", "unexpected `[[` at line 1, column 5"),
        ("[[ ]]", "0 characters of phonemes"),
    ],
)
def test_it_points_at_a_bracket_that_stands_alone(text: str, problem: str) -> None:
    with pytest.raises(BadValue) as refused:
        lines(text, "phonemes")
    assert problem in refused.value.message


def test_plain_text_never_becomes_phonemes() -> None:
    assert lines("Say [[ h@loU ]].", "text") == [Clause("Say h@loU.")]


@settings(max_examples=200, deadline=None)
@given(st.text("<>/speak breaktime=\"'&;[]0ms\n", max_size=80))
def test_it_reads_or_refuses_but_never_fails(text: str) -> None:
    for document in (text, f"<speak>{text}</speak>"):
        try:
            lines(document)
        except BadValue as error:
            assert "line " in error.message
