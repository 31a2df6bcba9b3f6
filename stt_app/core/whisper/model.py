"""faster-whisper's model, with the habits that short live utterances need."""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np
from faster_whisper import WhisperModel

from stt_app.core.whisper.hallucinations.quality import MOST_NEW_TOKENS

_MOST_HOTWORD_TOKENS = 100
_CONTROL_TOKENS = 8


class LiveWhisper(WhisperModel):  # type: ignore[misc]
    """Encodes an utterance once, and fits any prompt into the model's memory."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._encoded: tuple[Any, Any] | None = None

    def detect_language(
        self, audio: Any = None, features: Any = None, **options: Any
    ) -> Any:
        # The transcription that follows leaves the last frame out.
        shorter = None if features is None else features[..., :-1]
        return super().detect_language(audio, shorter, **options)

    def encode(self, features: Any) -> Any:
        """The encoder's states, shared by language detection and decoding."""
        if self._encoded is not None and np.array_equal(self._encoded[0], features):
            return self._encoded[1]
        encoded = self._encode_anew(features)
        self._encoded = features, encoded
        return encoded

    def _encode_anew(self, features: Any) -> Any:
        return super().encode(features)

    def for_one_utterance(self, generator: Any = None) -> Self:
        """The same model with its own state, so that several can run. `generator`
        replaces CTranslate2's model for its calls.
        """
        own = copy.copy(self)
        own._encoded = None
        own.model = generator or self.model
        return own

    def get_prompt(
        self,
        tokenizer: Any,
        previous_tokens: list[int],
        *arguments: Any,
        hotwords: str | None = None,
        **options: Any,
    ) -> list[int]:
        """What the decoder reads first: the hotwords' start and the prompt's end.

        faster-whisper raises ValueError where the two leave no room for an answer.
        """
        room = self.max_length - MOST_NEW_TOKENS - _CONTROL_TOKENS
        if hotwords:
            tokens = tokenizer.encode(f" {hotwords.strip()}")[:_MOST_HOTWORD_TOKENS]
            hotwords = tokenizer.decode(tokens)
            room -= len(tokenizer.encode(f" {hotwords.strip()}"))
        kept = previous_tokens[-room:]
        return list(
            super().get_prompt(
                tokenizer, kept, *arguments, hotwords=hotwords, **options
            )
        )
