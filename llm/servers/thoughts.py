"""Keeps a model's reasoning out of its answer, piece by piece."""

from __future__ import annotations

import re

_NAMES = ("think", "thinking", "thought", "reasoning")
_TAG = re.compile(rf"<(/?)({'|'.join(_NAMES)})>", re.IGNORECASE)
_TAGS = tuple(f"<{slash}{name}>" for slash in ("", "/") for name in _NAMES)


class ThoughtFilter:
    """Drops `<think>...</think>` wherever the pieces are cut."""

    def __init__(self) -> None:
        self._held = ""
        self._closing: str | None = None
        self._started = False
        self.thought = False
        """Whether anything was dropped."""

    def push(self, piece: str) -> str:
        """What of the text so far may be said now."""
        self._held += piece
        said = ""
        while True:
            if self._closing is not None:
                if not self._skip_thought():
                    break
            elif tag := _TAG.search(self._held):
                said += self._held[: tag.start()]
                self._held = self._held[tag.end() :]
                # An end without a beginning is only dropped.
                self._closing = None if tag[1] else f"</{tag[2].lower()}>"
                self.thought = True
            else:
                keep = _beginning_of(self._held, _TAGS)
                said += self._held[: len(self._held) - keep]
                self._held = self._held[len(self._held) - keep :]
                break
        return self._without_leading_space(said)

    def flush(self) -> str:
        """What is left when the answer is complete; an open thought is dropped."""
        rest = "" if self._closing is not None else self._held
        self._held = ""
        return self._without_leading_space(rest)

    def _skip_thought(self) -> bool:
        """Whether the thought's end has come."""
        closing = self._closing or ""
        ended = re.search(re.escape(closing), self._held, re.IGNORECASE)
        if ended is None:
            keep = _beginning_of(self._held, (closing,))
            self._held = self._held[len(self._held) - keep :]
            return False
        self._held = self._held[ended.end() :]
        self._closing = None
        return True

    def _without_leading_space(self, text: str) -> str:
        if not self._started:
            text = text.lstrip()
            self._started = bool(text)
        return text


def _beginning_of(text: str, tags: tuple[str, ...]) -> int:
    """How many characters at the text's end may be the beginning of a tag."""
    start = text.rfind("<")
    if start < 0:
        return 0
    rest = text[start:].lower()
    return len(text) - start if any(tag.startswith(rest) for tag in tags) else 0
