"""The scripts behind the player: the times of words, and faster speech at the same pitch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.model]

_STARTS = """
async ({ written, clauses, duration }) => {
  const { WordTimes, wordsOf } = await import("/static/js/word-times.js");
  const times = new WordTimes();
  for (const { text, start, words } of clauses) {
    times.addClause(text, start);
    times.addWords((words ?? []).map(([word, begin]) => ({ word, start: begin, end: begin + 0.1 })));
  }
  const found = wordsOf(written);
  const starts = times.starts(found, duration);
  return found.map(({ start, end }, index) => [written.slice(start, end), starts[index] ?? null]);
}
"""
_STRETCHED = """
async ({ speed, seconds }) => {
  const { GrowingSamples } = await import("/static/js/growing-samples.js");
  const { Stretcher } = await import("/static/js/stretch.js");
  const rate = 22050;
  const source = new GrowingSamples();
  const stretcher = new Stretcher(source, rate, speed, 0);
  const output = [];
  const tone = Float32Array.from({ length: rate * seconds }, (_, n) => 0.5 * Math.sin((2 * Math.PI * 220 * n) / rate));
  for (let at = 0; at < tone.length; at += 1000) {
    source.add(tone.subarray(at, at + 1000));
    output.push(...stretcher.next(rate, at + 1000 >= tone.length));
  }
  let rises = 0, largest = 0;
  for (let n = 1; n < output.length; n += 1) {
    if (output[n - 1] < 0 && output[n] >= 0) rises += 1;
    largest = Math.max(largest, Math.abs(output[n] - output[n - 1]));
  }
  return { seconds: output.length / rate, hz: (rises * rate) / output.length, largest };
}
"""


def test_it_finds_when_each_written_word_is_spoken(visit: Callable[..., Page]) -> None:
    page = visit("/")

    def starts(written: str, *clauses: Any, duration: float | None = None) -> Any:
        given = {"written": written, "clauses": list(clauses), "duration": duration}
        return page.evaluate(_STARTS, given)

    def clause(text: str, start: float, words: Any = None) -> dict[str, Any]:
        return {"text": text, "start": start, "words": words}

    # Numbers are spoken as other words; marks belong to no word.
    spoken = [["It", 0], ["costs", 0.2], ["5", 0.5], ["dollars", 0.7], ["today", 1.2]]
    assert starts("It costs **$5** today.", clause("…", 0, spoken)) == [
        ["It", 0],
        ["costs", 0.2],
        ["**$5**", 0.5],
        ["today.", 1.2],
    ]
    # A word without a time lies between its neighbours.
    found = starts("one two three", clause("…", 0, [["one", 0], ["three", 1]]))
    assert 0 < found[1][1] < 1
    # A word that is said twice is not taken for the first one.
    twice = [["the", 0], ["cat", 0.3], ["the", 0.6], ["dog", 0.9]]
    found = starts("the cat - the dog", clause("…", 0, twice))
    assert [start for _, start in found] == [0, 0.3, 0.6, 0.9]
    # A voice that reports no times: its clause is shared out by length.
    found = starts(
        "Hi there. Bye.", clause("Hi there.", 0), clause("Bye.", 2), duration=3
    )
    assert [start for _, start in found] == pytest.approx([0, 2 / 3, 2], abs=0.01)
    # Text that nobody speaks yet has no times; a link of many words is passed over.
    assert starts("later", duration=1) == [["later", None]]
    link = "see (" + "x-y " * 20 + ") now"
    assert starts(link, clause("…", 0, [["see", 0], ["now", 0.4]]))[-1][1] == 0.4
    # Chinese has no spaces.
    assert len(starts("你好，我的声音", clause("你好，我的声音", 0), duration=2)) > 1


def test_faster_speech_keeps_its_pitch(visit: Callable[..., Page]) -> None:
    page = visit("/")
    for speed in (0.75, 1.5, 2):
        found = page.evaluate(_STRETCHED, {"speed": speed, "seconds": 2})
        assert found["seconds"] == pytest.approx(2 / speed, abs=0.05)
        assert found["hz"] == pytest.approx(220, rel=0.02)
        # The steepest step of such a tone is 0.031: a click would be higher.
        assert found["largest"] < 0.04
