"""`voice: auto`: which installed voice speaks the language of a text."""

from __future__ import annotations

import pytest

from tts_app.core.engine import VoiceInfo
from tts_app.core.text.language_detection import language_of, voice_for
from tts_app.voices.samples import SAMPLES

TEXTS = {
    "en": "The weather is going to be fine this afternoon, and we will have lunch outside.",
    "de": "Das Wetter wird heute Nachmittag schön, und wir essen draußen zu Mittag.",
    "fr": "Il va faire beau cet après-midi et nous allons déjeuner dans le jardin.",
    "es": "Esta tarde va a hacer buen tiempo y vamos a comer en el jardín con los niños.",
    "it": "Questo pomeriggio il tempo sarà bello e mangeremo in giardino con gli amici.",
    "pt": "Esta tarde vai fazer bom tempo e nós vamos almoçar no jardim com os amigos.",
    "nl": "Het wordt vanmiddag mooi weer en we gaan met de kinderen buiten eten.",
    "pl": "Dziś po południu będzie ładna pogoda i zjemy obiad w ogrodzie.",
    "cs": "Dnes odpoledne bude hezky a oběd si dáme na zahradě, protože je teplo.",
    "sv": "Det blir fint väder i eftermiddag och vi ska äta lunch i trädgården.",
    "da": "Det bliver godt vejr i eftermiddag, og vi skal spise frokost i haven på øen.",
    "fi": "Iltapäivällä on kaunis ilma, ja me syömme lounasta puutarhassa, koska se on mukavaa.",
    "hu": "Ma délután szép idő lesz, és a kertben fogunk ebédelni, mert az jó.",
    "tr": "Bugün öğleden sonra hava güzel olacak ve biz bahçede yemek yiyeceğiz.",
    "ro": "În această după-amiază va fi vreme bună și vom mânca în grădină.",
    "vi": "Chiều nay trời sẽ đẹp và chúng tôi sẽ ăn trưa ở trong vườn.",
    "ru": "Сегодня днём будет хорошая погода, и мы пообедаем в саду.",
    "uk": "Сьогодні вдень буде гарна погода, і ми пообідаємо в саду.",
    "el": "Σήμερα το απόγευμα ο καιρός θα είναι καλός.",
    "ar": "سيكون الطقس جميلا بعد ظهر اليوم.",
    "zh": "今天下午天气会很好，我们在花园里吃午饭。",
    "ko": "오늘 오후에는 날씨가 좋을 것입니다.",
    "ja": "今日の午後は天気が良くなります。",
    "hi": "आज दोपहर मौसम अच्छा रहेगा।",
    "ka": "დღეს შუადღისას კარგი ამინდი იქნება.",
}


@pytest.mark.parametrize("language", TEXTS)
def test_it_tells_the_language_among_all(language: str) -> None:
    assert language_of(TEXTS[language], list(TEXTS), "en") == language


@pytest.mark.parametrize("language", sorted(SAMPLES.keys() & TEXTS.keys()))
def test_it_never_takes_another_language_for_a_short_sentence(language: str) -> None:
    """Between its own language and English, even a greeting is enough."""
    found = language_of(SAMPLES[language], ["en", language], language)
    assert found == language


@pytest.mark.parametrize("text", ["", "12345", "😀", "Ok.", "Kubernetes"])
def test_it_keeps_the_usual_language_when_nothing_stands_out(text: str) -> None:
    assert language_of(text, ["de", "en", "fr"], "de") == "de"


def voices(*names: str) -> list[VoiceInfo]:
    return [VoiceInfo(name, name[:5], "medium", 22_050) for name in names]


def test_it_takes_the_voice_of_the_language() -> None:
    known = voices("de_DE-a-medium", "en_US-b-medium", "fr_FR-c-low", "fr_FR-d-high")
    assert voice_for(TEXTS["fr"], known, "en_US-b-medium") == "fr_FR-c-low"
    assert voice_for(TEXTS["fr"], known, "fr_FR-d-high") == "fr_FR-d-high"


def test_it_takes_the_default_when_no_voice_has_the_language() -> None:
    known = voices("de_DE-a-medium", "en_US-b-medium")
    assert voice_for(TEXTS["ru"], known, "de_DE-a-medium") == "de_DE-a-medium"


def test_it_knows_the_script_of_a_text_with_foreign_names() -> None:
    text = "Я вчера установил Visual Studio Code и Docker Desktop."
    assert language_of(text, ["en", "ru"], "en") == "ru"
