"""The words of the user as text that is only appended to."""

from __future__ import annotations

from difflib import SequenceMatcher

from compat_app.realtime.conversation.captions import Captions


class LiveCaptions:
    """Joins the captions of all turns into one text.

    A word is told once two texts in a row agree on it, and cannot be taken back: where the
    final text has another one, the rest goes on from the same place.
    """

    def __init__(self) -> None:
        self._item_id = ""
        """The turn in progress, or the last one, which may be reopened."""
        self._turn = Captions()
        self._told: list[str] = []
        """The words of this turn."""
        self._is_first = True

    def hear(self, item_id: str, text: str) -> str:
        """The text so far of a turn; returns what to append, perhaps nothing."""
        self._begin(item_id)
        self._turn.hear(text)
        return self._append(self._turn.told.split())

    def end(self, item_id: str, text: str) -> str:
        """The whole text of the turn, once more after it was reopened."""
        self._begin(item_id)
        self._turn = Captions()
        return self._append(text.split())

    def _begin(self, item_id: str) -> None:
        if item_id != self._item_id:
            self._item_id, self._turn, self._told = item_id, Captions(), []

    def _append(self, words: list[str]) -> str:
        more = words[_end_of(self._told, words) :]
        if not more:
            return ""
        self._told += more
        delta = " ".join(more)
        if not self._is_first:
            delta = f" {delta}"
        self._is_first = False
        return delta


def _end_of(told: list[str], words: list[str]) -> int:
    """Where in the words that text ends, although some of its words may differ."""
    plain_told, plain = (
        [_plain(each) for each in told],
        [_plain(each) for each in words],
    )
    if plain[: len(told)] == plain_told:
        return len(told)
    matcher = SequenceMatcher(None, plain_told, plain, autojunk=False)
    found = [each for each in matcher.get_matching_blocks() if each.size]
    if not found:
        return min(len(told), len(words))
    last = found[-1]
    wrong_at_the_end = len(told) - (last.a + last.size)
    return min(last.b + last.size + wrong_at_the_end, len(words))


def _plain(word: str) -> str:
    return "".join(filter(str.isalnum, word)).casefold() or word
