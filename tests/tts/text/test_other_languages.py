"""Numbers in texts of other languages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from tts_app.core.text.clauses import SpeechText
from tts_app.core.text.language_words import CURRENCIES, LANGUAGES, SYMBOLS
from tts_app.core.text.other_languages import expand_other


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Es kostet 5,50 €.", "Es kostet 5 Euro 50."),
        ("de", "Es kostet $1.", "Es kostet 1 Dollar."),
        (
            "de",
            "Er fährt 10 km mit 50 km/h.",
            "Er fährt 10 Kilometer mit 50 Kilometer pro Stunde.",
        ),
        ("de", "3 < 5 und 7 - 2 = 5", "3 ist kleiner als 5 und 7 minus 2 = 5"),
        ("de", "Im Jahr 1989 fiel sie.", "Im Jahr 19 hundert 89 fiel sie."),
        ("de", "Seite 10–12", "Seite 10 bis 12"),
        ("fr", "Il fait 20°C et 1 km.", "Il fait 20 degrés Celsius et 1 kilomètre."),
        ("fr", "2 * 3 = 6", "2 fois 3 = 6"),
        ("es", "Cuesta €5,05.", "Cuesta 5 euros con 5."),
        ("it", "Pesa 1 kg o 2 kg.", "Pesa 1 chilogrammo o 2 chilogrammi."),
        ("nl", "2^10 en 10 / 2", "2 tot de macht 10 en 10 gedeeld door 2"),
        ("pt", "São 5 min.", "São 5 minutos."),
        ("sv", "Det är 5 km.", "Det är 5 km."),
        ("de", "Am 3.4.2026 um 10:30 Uhr.", "Am 3.4.2026 um 10:30 Uhr."),
        (
            "de",
            "Dr. Weiß isst z. B. Äpfel usw.",
            "Doktor Weiß isst zum Beispiel Äpfel und so weiter.",
        ),
        ("es", "El Sr. Gil y la Sra. Gil.", "El señor Gil y la señora Gil."),
        ("fr", "M. Dupont et Mme Petit", "Monsieur Dupont et Madame Petit"),
        ("de", "Nichts ist hier zu tun.", "Nichts ist hier zu tun."),
    ],
)
def test_it_writes_out_what_voices_read_badly(language, text, expected) -> None:
    assert expand_other(language, text) == expected


@given(
    language=st.sampled_from(sorted(LANGUAGES)),
    number=st.integers(2, 9_999),
    symbol=st.sampled_from(SYMBOLS),
    gap=st.sampled_from(["", " "]),
)
def test_every_unit_has_its_name(language, number, symbol, gap) -> None:
    name = LANGUAGES[language].units[symbol][1]
    assert expand_other(language, f"({number}{gap}{symbol})") == f"({number} {name})"


@given(
    language=st.sampled_from(sorted(LANGUAGES)),
    number=st.integers(2, 9_999),
    sign=st.sampled_from(CURRENCIES),
)
def test_every_currency_has_its_name(language, number, sign) -> None:
    said = f"{number} {LANGUAGES[language].currencies[sign][1]}."
    assert expand_other(language, f"{sign}{number}.") == said
    assert expand_other(language, f"{number} {sign}.") == said


@settings(max_examples=200, deadline=None)
@given(
    language=st.sampled_from(["de", "fr", "sv", "zh", "xx"]),
    words=st.lists(st.text("abcdefgäöüéß", min_size=1, max_size=9), max_size=12),
)
def test_words_stay(language, words) -> None:
    text = " ".join(words)
    assert expand_other(language, text) == text


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "M. Dupont est là. Il rit.", ["Monsieur Dupont est là.", "Il rit."]),
        ("de", "Er isst z. B. Brot. Gut.", ["Er isst zum Beispiel Brot.", "Gut."]),
        ("de", "Am 1. Mai, 2. Stock.", ["Am 1. Mai, 2. Stock."]),
        ("cs", "Sejdeme se 24. Prosince.", ["Sejdeme se 24. Prosince."]),
        ("de", "Es waren 45. Danach kam er.", ["Es waren 45.", "Danach kam er."]),
        ("fr", "Il y en a 12. Puis rien.", ["Il y en a 12.", "Puis rien."]),
        ("de", "Äpfel usw. Danach ging er.", ["Äpfel und so weiter. Danach ging er."]),
    ],
)
def test_abbreviations_end_no_sentence(language, text, expected) -> None:
    speech = SpeechText(language)
    assert [*speech.push(text), *speech.finish()] == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Das Treffen ist am 24.12.2025 um 8:05 Uhr."),
        ("de", "Der 5. und 6. Januar 2024, 15.30 Uhr."),
        ("fr", "Le 14 juillet 1789 à 15h30, le 24/12/2025, le 1er mai."),
        ("es", "El 12 de octubre de 1492 a las 15:30, el 24/12/2025."),
        ("it", "Il 2 giugno 1946 alle 15:30, il 24/12/2025, alle ore 8.05."),
    ],
)
def test_dates_and_times_are_left_to_the_voice(language: str, text: str) -> None:
    assert expand_other(language, text) == text


def test_a_stream_is_read_in_the_language_of_its_voice() -> None:
    speech = SpeechText("de_DE")
    found = [*speech.push("Das sind 5 k"), *speech.push("m. Gut."), *speech.finish()]
    assert found == ["Das sind 5 Kilometer.", "Gut."]
