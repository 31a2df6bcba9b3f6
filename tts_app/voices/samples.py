"""A sample sentence for a voice, in its own language."""

from __future__ import annotations

SAMPLES = {
    "ar": "مرحبا، هكذا يبدو صوتي.",
    "ca": "Hola, així sona la meva veu.",
    "cs": "Dobrý den, takhle zní můj hlas.",
    "da": "Hej, sådan lyder min stemme.",
    "de": "Guten Tag, so klingt meine Stimme.",
    "en": "Hello, this is how my voice sounds.",
    "es": "Hola, así suena mi voz.",
    "fi": "Hei, tältä ääneni kuulostaa.",
    "fr": "Bonjour, voici le son de ma voix.",
    "hu": "Jó napot, így szól a hangom.",
    "it": "Buongiorno, questa è la mia voce.",
    "nl": "Goedendag, zo klinkt mijn stem.",
    "no": "Hei, slik høres stemmen min ut.",
    "pl": "Dzień dobry, tak brzmi mój głos.",
    "pt": "Olá, é assim que soa a minha voz.",
    "ro": "Bună ziua, așa sună vocea mea.",
    "ru": "Здравствуйте, вот так звучит мой голос.",
    "sv": "Hej, så här låter min röst.",
    "tr": "Merhaba, sesim böyle geliyor.",
    "uk": "Добрий день, ось так звучить мій голос.",
    "vi": "Xin chào, giọng của tôi nghe như thế này.",
    "zh": "你好，我的声音就是这样。",
}


def sample_for(language: str) -> str:
    """The sentence for a language code such as `de` or `de_DE`; English for others."""
    return SAMPLES.get(language.replace("-", "_").split("_")[0].lower(), SAMPLES["en"])
