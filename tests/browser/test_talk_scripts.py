"""The scripts behind the Talk page: how a reply is played, and which of its words were heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.model]

_LEVELS = """
async (steps) => {
  const rate = 24000;
  const context = new OfflineAudioContext(1, 2 * rate, rate);
  await context.audioWorklet.addModule("/static/js/worklets/playback.js");
  const node = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount: [1] });
  node.connect(context.destination);
  const samples = new Int16Array(2 * rate).fill(16384);
  const tell = async (message) => {
    node.port.postMessage(message);
    await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await tell({ type: "audio", number: 1, rate, samples });
  for (const { at, message } of steps) context.suspend(at).then(() => tell(message)).then(() => context.resume());
  const output = (await context.startRendering()).getChannelData(0);
  return [0.25, 0.75, 1.25, 1.75].map((at) => output[Math.round(at * rate)]);
}
"""
_HEARD = """
async ({ clauses, heard }) => {
  const { ReplyWords } = await import("/static/js/reply-words.js");
  const place = document.createElement("p");
  const words = new ReplyWords(place);
  for (const [start, text] of clauses) words.add(start, text);
  return heard.map((ms) => { words.heard(ms); return words.text; }).concat(place.textContent);
}
"""


def test_a_reply_is_soft_after_a_sound_until_it_turns_out_to_be_nothing(
    visit: Callable[..., Page],
) -> None:
    page = visit("/")

    def levels(*steps: Any) -> list[float]:
        given = [{"at": at, "message": message} for at, message in steps]
        found: list[float] = page.evaluate(_LEVELS, given)
        return [round(level, 3) for level in found]

    soften, pause = {"type": "soften"}, {"type": "pause", "paused": True}
    assert levels() == [0.5, 0.5, 0.5, 0.5]
    assert levels((0.5, soften)) == [0.5, 0.125, 0.5, 0.5]
    go_on = {"type": "pause", "paused": False}
    paused = levels((0.3, soften), (0.5, pause), (0.8, go_on))
    assert paused == [0.5, 0.0, 0.5, 0.5]
    assert levels((0.5, soften), (1.0, {"type": "flush"}))[2:] == [0.0, 0.0]


def test_the_words_of_a_clause_are_heard_one_after_the_other(
    visit: Callable[..., Page],
) -> None:
    page = visit("/")
    clauses = [[0, "one two three four"], [1000, "five six"]]
    given = {"clauses": clauses, "heard": [0, 300, 990, 1000, 1400]}
    assert page.evaluate(_HEARD, given) == [
        "",
        "one two",
        "one two three four",
        "one two three four five",
        "one two three four five six",
        "one two three four five six",
    ]
