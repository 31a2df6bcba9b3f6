"""Keeps a model's reasoning and its control tokens out of its answer, piece by piece."""

from __future__ import annotations

from llm.servers.model_tokens import (
    FIRST_CHARACTERS,
    LONGEST_CHARACTERS,
    MARKS,
    Mark,
    Meaning,
)

_ANY_FAMILY = "any"


class ReasoningFilter:
    """Passes on only what a model says to the user, wherever the pieces are cut."""

    def __init__(self, *, begins_reasoning: bool = False) -> None:
        """`begins_reasoning`: the prompt ends with an opening tag, so the answer starts
        inside the reasoning."""
        self._held = ""
        """Text whose end may be the beginning of a mark."""
        self._family = _ANY_FAMILY if begins_reasoning else ""
        """Which family's closing mark ends the open reasoning; empty outside it."""
        self._unproven = begins_reasoning
        """Whether no closing tag has shown yet that it was reasoning."""
        self._hidden = ""
        """The answer so far, while that is not shown."""
        self._ended = False
        self._has_text = False
        self.dropped_any = False
        """Whether reasoning was dropped."""

    def push(self, piece: str) -> str:
        """The text that is certain to be for the user."""
        self._held += piece
        said = self._read(is_last=False)
        ready = len(self._held) - _unfinished(self._held)
        said += self._pass_on(self._held[:ready])
        self._held = self._held[ready:]
        return self._without_leading_space(said)

    def flush(self, *, complete: bool = True) -> str:
        """The rest, at the end of the answer; open reasoning is dropped.

        `complete`: the model ended the answer itself. If it then never closed the
        reasoning that its prompt opened, it did not reason, and all of it is the answer.
        """
        rest = self._read(is_last=True) + self._pass_on(self._held)
        self._held = ""
        if self._unproven and complete:
            rest, self._hidden = self._hidden, ""
            self.dropped_any = False
        return self._without_leading_space(rest)

    def _read(self, *, is_last: bool) -> str:
        """Take all whole marks out of the held text; what precedes them."""
        said = ""
        start = self._next_start(0)
        while start is not None:
            mark, size = _mark_at(self._held, start, is_last=is_last)
            if mark is None:
                start = self._next_start(start + 1)
                continue
            said += self._pass_on(self._held[:start])
            self._held = self._held[start + size :]
            self._apply(mark)
            start = self._next_start(0)
        return said

    def _next_start(self, least: int) -> int | None:
        """Where the next mark may start."""
        held = self._held
        places = range(least, len(held))
        return next((at for at in places if held[at] in FIRST_CHARACTERS), None)

    def _apply(self, mark: Mark) -> None:
        if mark.meaning is Meaning.OPENS:
            self.dropped_any = True
            self._family = self._family or mark.family
        elif mark.meaning is Meaning.CLOSES:
            # Without an opening tag, the mark itself is all that is dropped.
            self.dropped_any = True
            if self._family in (mark.family, _ANY_FAMILY):
                self._family, self._hidden = "", ""
                self._unproven = False
        elif mark.meaning is Meaning.ENDS:
            self._ended = True

    def _pass_on(self, text: str) -> str:
        if self._ended:
            return ""
        if not self._family:
            return text
        self.dropped_any |= bool(text)
        if self._unproven:
            self._hidden += text
        return ""

    def _without_leading_space(self, text: str) -> str:
        if not self._has_text:
            text = text.lstrip()
            self._has_text = bool(text)
        return text


def _mark_at(text: str, start: int, *, is_last: bool) -> tuple[Mark | None, int]:
    """The longest mark that starts there, with its size.

    None if there is none, or if more text (unless it `is_last`) could make a longer one.
    """
    best, size = None, 0
    for mark in MARKS:
        if matched := mark.whole.match(text, start):
            if matched.end() - start > size:
                best, size = mark, matched.end() - start
        elif not is_last and _may_become(mark, text, start):
            return None, 0
    return best, size


def _may_become(mark: Mark, text: str, start: int) -> bool:
    is_short = len(text) - start <= LONGEST_CHARACTERS
    return is_short and mark.begun.match(text, start) is not None


def _unfinished(text: str) -> int:
    """How many characters at the text's end may be the beginning of a mark."""
    for start in range(max(0, len(text) - LONGEST_CHARACTERS), len(text)):
        if text[start] in FIRST_CHARACTERS and any(
            _may_become(mark, text, start) for mark in MARKS
        ):
            return len(text) - start
    return 0
