"""The transcript of an item as clients see it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from chat_app.core.user_turn import HeardWord
from compat_app.realtime.shared.messages import TranscriptCompleted
from compat_app.realtime.shared.parts import LogProb, SpokenLanguage, Usage

_LEAST_PROBABILITY = 1e-6


def completed(
    item_id: str,
    text: str,
    seconds: float,
    language: str = "",
    words: Iterable[HeardWord] | None = None,
) -> TranscriptCompleted:
    """The whole transcript, with the probabilities of the words if they are given."""
    optional: dict[str, Any] = {}
    if language:
        optional["languages"] = [SpokenLanguage(code=language)]
    if words is not None:
        optional["logprobs"] = list(logprobs(words))
    return TranscriptCompleted(
        item_id=item_id,
        content_index=0,
        transcript=text,
        usage=Usage(type="duration", seconds=round(seconds, 3)),
        **optional,
    )


def logprobs(words: Iterable[HeardWord]) -> Iterator[LogProb]:
    """One entry for each word."""
    for number, (word, probability) in enumerate(words):
        token = f" {word}" if number else word
        probability = max(probability, _LEAST_PROBABILITY)
        yield LogProb(
            token=token,
            bytes=list(token.encode()),
            logprob=round(min(0.0, math.log(probability)), 6),
        )
