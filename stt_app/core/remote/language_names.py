"""The languages' English names, by which OpenAI calls them in its answers."""

from __future__ import annotations

from stt_app.core.languages import LANGUAGES

_NAMES = """
af afrikaans, am amharic, ar arabic, as assamese, az azerbaijani, ba bashkir,
be belarusian, bg bulgarian, bn bengali, bo tibetan, br breton, bs bosnian,
ca catalan, cs czech, cy welsh, da danish, de german, el greek, en english,
es spanish, et estonian, eu basque, fa persian, fi finnish, fo faroese, fr french,
gl galician, gu gujarati, ha hausa, haw hawaiian, he hebrew, hi hindi, hr croatian,
ht haitian creole, hu hungarian, hy armenian, id indonesian, is icelandic, it italian,
ja japanese, jw javanese, ka georgian, kk kazakh, km khmer, kn kannada, ko korean,
la latin, lb luxembourgish, ln lingala, lo lao, lt lithuanian, lv latvian, mg malagasy,
mi maori, mk macedonian, ml malayalam, mn mongolian, mr marathi, ms malay, mt maltese,
my myanmar, ne nepali, nl dutch, nn nynorsk, no norwegian, oc occitan, pa punjabi,
pl polish, ps pashto, pt portuguese, ro romanian, ru russian, sa sanskrit, sd sindhi,
si sinhala, sk slovak, sl slovenian, sn shona, so somali, sq albanian, sr serbian,
su sundanese, sv swedish, sw swahili, ta tamil, te telugu, tg tajik, th thai,
tk turkmen, tl tagalog, tr turkish, tt tatar, uk ukrainian, ur urdu, uz uzbek,
vi vietnamese, yi yiddish, yo yoruba, yue cantonese, zh chinese
"""
_CODES = {
    name: code
    for code, _, name in (
        pair.strip().partition(" ") for pair in _NAMES.replace("\n", " ").split(",")
    )
}


def language_code(given: object, otherwise: str) -> str:
    """The code of a language that a server names by its code or its English name.

    `otherwise` for a language that Whisper does not know.
    """
    name = str(given or "").strip().lower()
    short = name.replace("_", "-").partition("-")[0]
    if short in LANGUAGES:
        return short
    return _CODES.get(name, otherwise)
