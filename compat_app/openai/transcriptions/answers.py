"""The answers, in each `response_format`.

Source: the response types in `openai/types/audio` of the openai package 3.54.0.
"""

from __future__ import annotations

import math
from typing import Any

from django.http import HttpResponse, JsonResponse

from compat_app.openai.transcriptions.fields import Fields
from compat_app.openai.transcriptions.heard import Heard, log_probability, segments_of
from compat_app.openai.transcriptions.languages import language_name
from stt_app.core.engine import Task
from stt_app.core.events import SpokenSegment, SpokenWord, UtteranceTranscribed
from stt_app.core.files.transcript_formats import as_srt, as_vtt

SPEAKER = "A"
"""Nothing here tells speakers apart, so all speech is one speaker's."""
PLAIN = "text/plain; charset=utf-8"
_FRAMES_PER_SECOND = 100
"""Whisper's frames of 10 ms, in which it counts `seek`."""
_POSITIONS_PER_SECOND = 50
"""What Whisper's encoder makes of a second: the counterpart of audio tokens."""


HINT = "X-Hint"
"""The header of a response about whose recording there is something to say."""


def answer(heard: Heard, fields: Fields, task: Task) -> HttpResponse:
    """The response for the whole recording."""
    response = _answer(heard, fields, task)
    if heard.hint:
        response[HINT] = heard.hint
    return response


def _answer(heard: Heard, fields: Fields, task: Task) -> HttpResponse:
    match fields.response_format:
        case "text":
            return HttpResponse(f"{heard.text}\n", content_type=PLAIN)
        case "srt":
            return HttpResponse(as_srt(heard.utterances), content_type=PLAIN)
        case "vtt":
            return HttpResponse(as_vtt(heard.utterances), content_type=PLAIN)
        case "verbose_json":
            return _json(verbose(heard, fields, task))
        case "diarized_json":
            return _json(diarized(heard))
        case "json":
            return _json(plain(heard, fields))


def _json(content: dict[str, Any]) -> JsonResponse:
    return JsonResponse(content, json_dumps_params={"ensure_ascii": False})


def plain(heard: Heard, fields: Fields) -> dict[str, Any]:
    """The text, its languages, and the log probabilities if wanted."""
    content: dict[str, Any] = {
        "text": heard.text,
        "languages": _languages(heard),
        "usage": duration_usage(heard),
    }
    if fields.wants_logprobs:
        content["logprobs"] = [
            logprob for each in heard.utterances for logprob in logprobs(each)
        ]
    return content


def verbose(heard: Heard, fields: Fields, task: Task) -> dict[str, Any]:
    """The text with its segments, and the words if wanted."""
    language = "en" if task == "translate" else heard.main_language
    content: dict[str, Any] = {
        "task": task,
        "language": language_name(language),
        "languages": _languages(heard),
        "duration": _seconds(heard.seconds),
        "text": heard.text,
        "segments": _segments(heard),
        "usage": duration_usage(heard),
    }
    if fields.wants_words:
        words = (word for each in heard.utterances for word in each.words or ())
        content["words"] = [_word(word) for word in words]
    return content


def diarized(heard: Heard) -> dict[str, Any]:
    """A segment for each utterance, all of one speaker."""
    segments = [
        diarized_segment(number, each) for number, each in enumerate(heard.utterances)
    ]
    return {
        "task": "transcribe",
        "duration": _seconds(heard.seconds),
        "text": heard.text,
        "segments": segments,
        "usage": duration_usage(heard),
    }


def diarized_segment(number: int, utterance: UtteranceTranscribed) -> dict[str, Any]:
    """An utterance as a segment with a speaker."""
    return {
        "type": "transcript.text.segment",
        "id": segment_id(number),
        "start": _seconds(utterance.start_seconds),
        "end": _seconds(utterance.end_seconds),
        "text": utterance.text,
        "speaker": SPEAKER,
    }


def segment_id(number: int) -> str:
    return f"seg_{number}"


def duration_usage(heard: Heard) -> dict[str, Any]:
    return {"type": "duration", "seconds": _seconds(heard.seconds)}


def token_usage(heard: Heard) -> dict[str, Any]:
    """Positions of Whisper's encoder as the input, tokens of the text as the output."""
    audio = math.ceil(heard.seconds * _POSITIONS_PER_SECOND)
    segments = (one for each in heard.utterances for one in each.segments)
    written = sum(len(segment.tokens) for segment in segments)
    return {
        "type": "tokens",
        "input_tokens": audio,
        "input_token_details": {"audio_tokens": audio, "text_tokens": 0},
        "output_tokens": written,
        "total_tokens": audio + written,
    }


def logprobs(utterance: UtteranceTranscribed) -> list[dict[str, Any]]:
    """An entry for each word, with the space before it: words are what the engine
    tells the probabilities of."""
    return [_logprob(word) for word in utterance.words or ()]


def _logprob(word: SpokenWord) -> dict[str, Any]:
    token = f" {word.word}"
    logprob = round(log_probability(word.probability), 6)
    return {"token": token, "bytes": list(token.encode()), "logprob": logprob}


def _languages(heard: Heard) -> list[dict[str, str]]:
    return [{"code": code} for code in heard.languages]


def _segments(heard: Heard) -> list[dict[str, Any]]:
    found = [
        (utterance, segment)
        for utterance in heard.utterances
        for segment in segments_of(utterance)
    ]
    return [_segment(number, *each) for number, each in enumerate(found)]


def _segment(
    number: int, utterance: UtteranceTranscribed, segment: SpokenSegment
) -> dict[str, Any]:
    return {
        "id": number,
        "seek": int(utterance.start_seconds * _FRAMES_PER_SECOND),
        "start": _seconds(segment.start_seconds),
        "end": _seconds(segment.end_seconds),
        "text": segment.text,
        "tokens": list(segment.tokens),
        "temperature": round(segment.temperature, 2),
        "avg_logprob": round(segment.average_log_probability, 6),
        "compression_ratio": round(segment.compression_ratio, 4),
        "no_speech_prob": round(segment.no_speech_probability, 6),
    }


def _word(word: SpokenWord) -> dict[str, Any]:
    """`probability` is ours, and no field of the API."""
    return {
        "word": word.word,
        "start": _seconds(word.start_seconds),
        "end": _seconds(word.end_seconds),
        "probability": round(word.probability, 4),
    }


def _seconds(value: float) -> float:
    return round(value, 3)
