"""Keeps a model's reasoning out of its answer, piece by piece."""

from __future__ import annotations

import re

_NAMES = ("think", "thinking", "thought", "reasoning")
_TAG = re.compile(rf"<(/?)({'|'.join(_NAMES)})>", re.IGNORECASE)
_TAGS = tuple(f"<{slash}{name}>" for slash in ("", "/") for name in _NAMES)


class ReasoningFilter:
    """Drops `<think>...</think>` wherever the pieces are cut."""

    def __init__(self) -> None:
        self._held = ""
        self._closing: str | None = None
        self._has_text = False
        self.dropped_any = False
        """Whether anything was dropped."""

    def push(self, piece: str) -> str:
        """The text that is certain to be no reasoning."""
        self._held += piece
        said = ""
        while True:
            if self._closing is not None:
                if not self._skip_reasoning():
                    break
            elif tag := _TAG.search(self._held):
                said += self._held[: tag.start()]
                self._held = self._held[tag.end() :]
                # A closing tag without an opening one is dropped alone.
                self._closing = None if tag[1] else f"</{tag[2].lower()}>"
                self.dropped_any = True
            else:
                keep = _possible_tag_start(self._held, _TAGS)
                said += self._held[: len(self._held) - keep]
                self._held = self._held[len(self._held) - keep :]
                break
        return self._without_leading_space(said)

    def flush(self) -> str:
        """What is left when the answer is complete; open reasoning is dropped."""
        rest = "" if self._closing is not None else self._held
        self._held = ""
        return self._without_leading_space(rest)

    def _skip_reasoning(self) -> bool:
        """Whether the reasoning has ended."""
        closing = self._closing or ""
        ended = re.search(re.escape(closing), self._held, re.IGNORECASE)
        if ended is None:
            keep = _possible_tag_start(self._held, (closing,))
            self._held = self._held[len(self._held) - keep :]
            return False
        self._held = self._held[ended.end() :]
        self._closing = None
        return True

    def _without_leading_space(self, text: str) -> str:
        if not self._has_text:
            text = text.lstrip()
            self._has_text = bool(text)
        return text


def _possible_tag_start(text: str, tags: tuple[str, ...]) -> int:
    """How many characters at the text's end may be the beginning of a tag."""
    start = text.rfind("<")
    if start < 0:
        return 0
    rest = text[start:].lower()
    return len(text) - start if any(tag.startswith(rest) for tag in tags) else 0
