"""Stock phrases that Whisper learnt from subtitles and hallucinates in non-speech."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stt_app.core.whisper.hallucinations.segments import TextPiece

_DOUBTED_VOICE = 0.75
"""Of 102 recorded utterances the median is 0.94 for read speech and 0.77 for spontaneous
speech, and one in twenty read ones is below 0.76; so the model must doubt it as well."""
_DOUBTED_LOG_PROBABILITY = -0.5
"""An estimate: between clearly sure (-0.2) and Whisper's own failure threshold
(-1.0)."""

_PHRASES = frozenset(
    [
        "you",
        "bye",
        "bye bye",
        "thank you",
        "thank you very much",
        "thank you so much",
        "thank you for watching",
        "thank you so much for watching",
        "thanks for watching",
        "thanks for listening",
        "thank you for listening",
        "please subscribe",
        "please subscribe to my channel",
        "like and subscribe",
        "dont forget to like and subscribe",
        "see you next time",
        "see you in the next video",
        "subtitles by the amaraorg community",
        "transcribed by httpsotterai",
        "untertitel der amaraorgcommunity",
        "untertitel im auftrag des zdf für funk 2017",
        "vielen dank",
        "vielen dank fürs zuschauen",
        "soustitres réalisés para la communauté damaraorg",
        "merci davoir regardé cette vidéo",
        "subtítulos realizados por la comunidad de amaraorg",
        "gracias por ver el video",
        "legendas pela comunidade amaraorg",
        "obrigado por assistir",
        "sottotitoli creati dalla comunità amaraorg",
        "grazie per la visione",
        "продолжение следует",
        "субтитры сделал dimatorzok",
        "спасибо за просмотр",
        "tack för att ni tittade",
        "ご視聴ありがとうございました",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "謝謝觀看",
        "谢谢观看",
        "시청해주셔서 감사합니다",
    ]
)


def without_stock_phrases(
    pieces: Sequence[TextPiece], voice_probability: float
) -> list[TextPiece]:
    """The pieces without the stock phrases that both VAD and model doubt. A real "thank
    you" is trusted by both, and stays.
    """
    if voice_probability >= _DOUBTED_VOICE:
        return list(pieces)
    return [
        piece
        for piece in pieces
        if piece.average_log_probability >= _DOUBTED_LOG_PROBABILITY
        or not is_stock_phrase(piece.text)
    ]


def is_stock_phrase(text: str) -> bool:
    """Whether the text is nothing but a stock phrase, however it is punctuated."""
    words = re.sub(r"[^\w\s]", "", text.casefold())
    return " ".join(words.split()) in _PHRASES
