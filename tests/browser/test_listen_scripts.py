"""What the Listen page computes: code to copy, paragraphs, names, kept choices."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SPOKEN
from tests.browser.test_figures import example, run_in
from tests.word_errors import word_error_rate

pytestmark = [pytest.mark.browser, pytest.mark.model]


def test_its_code_transcribes_with_the_chosen_options(
    visit: Callable[..., Page], recording: Path, tmp_path: Path
) -> None:
    shutil.copy(recording, tmp_path / "recording.wav")
    page = visit("/listen/")
    page.locator("summary", has_text="More options").click()
    page.get_by_label("Names and words to expect").fill('Dashwood, it\'s "here"')
    page.get_by_label("Prompt").fill("@minutes")
    page.get_by_label("Prompt").press("Tab")
    heard = run_in(tmp_path, "bash", "-ec", example(page, "code-curl"))
    assert word_error_rate([(SPOKEN, heard)]) < 0.4, heard
    page.get_by_role("switch", name="Word timestamps").check()
    program = example(page, "code-python")
    assert '"keywords[]": ["Dashwood", "it\'s \\"here\\""]' in program
    heard = run_in(tmp_path, sys.executable, "-c", program)
    assert json.loads(heard)["words"]


_COMPUTE = """async () => {
  const { asCurl, asPython, KEY } = await import("/static/js/copy-as.js");
  const { paragraphs, plainText } = await import("/static/js/paragraphs.js");
  const { downloadName } = await import("/static/js/recording.js");
  const { nameLanguages } = await import("/static/js/device-fields.js");
  const languages = document.createElement("select");
  languages.append(...["=Detect", "qqq=Own", "fr=french", "de=german"].map((each) => {
    const [value, text] = each.split("=");
    return new Option(text, value);
  }));
  nameLanguages(languages);
  const { timedWords, wordAt } = await import("/static/js/timed-words.js");
  const call = {
    method: "POST",
    address: "http://server/tts",
    headers: { Authorization: `Bearer ${KEY}` },
    json: { text: "It's $5", llm: false, speaker: null },
    output: "a b.wav",
  };
  const said = (text, start, end, language = "en") => ({ text, start, end, language });
  const long = `${"Many words. ".repeat(45)}`.trim();
  const utterances = [
    said("One.", 0, 1), said("Two.", 1.5, 2), said("Three.", 5, 6), said("Vier.", 6, 7, "de"),
    said(long, 7, 60, "de"), said("Danach.", 60, 61, "de"),
  ];
  return {
    curl: asCurl(call),
    query: asCurl({ method: "DELETE", address: "http://server/x", params: { a: "b c", d: 1 } }),
    python: asPython(call),
    lengths: paragraphs(utterances).map((each) => each.length),
    text: plainText(utterances.slice(0, 3)),
    chinese: plainText([said("会议。", 0, 1, "zh"), said("开始。", 1, 2, "zh")]),
    names: [
      downloadName({ file: "talk.v2.mp4", time: 0 }, "srt"),
      downloadName({ file: "", time: new Date(2026, 1, 3, 4, 5, 6).getTime() }, "txt"),
    ],
    languages: [...languages.options].map((each) => each.text),
    spread: timedWords(said("ab cd", 10, 15)),
    places: [9, 10, 12.9, 20].map((at) => wordAt([{ start: 10 }, { start: 13 }], at)),
  };
}"""


def test_it_writes_code_paragraphs_and_names(visit: Callable[..., Page]) -> None:
    done: dict[str, Any] = visit("/api/").evaluate(_COMPUTE)
    assert done["curl"].split(" \\\n  ") == [
        "curl -sS http://server/tts",
        '-H "Authorization: Bearer $API_KEY"',
        "-H 'Content-Type: application/json'",
        """-d '{"text":"It'\\''s $5","llm":false,"speaker":null}'""",
        "-o 'a b.wav'",
    ]
    assert done["query"] == "curl -sS -X DELETE 'http://server/x?a=b+c&d=1'"
    compile(done["python"], "copied", "exec")
    assert 'json={"text": "It\'s $5", "llm": False, "speaker": None}' in done["python"]
    assert '"Bearer " + os.environ["API_KEY"]' in done["python"]
    # A pause, another language, and the end of a long paragraph each begin a new one.
    assert done["lengths"] == [2, 1, 2, 1]
    assert done["text"] == "One. Two.\n\nThree."
    assert done["chinese"] == "会议。开始。"
    assert done["names"] == ["talk.v2.srt", "microphone-2026-02-03-040506.txt"]
    # A language that the browser has no name for keeps the one from the server.
    assert done["languages"] == ["Detect", "French", "German", "Own"]
    assert done["spread"] == [
        {"lead": "", "text": "ab", "start": 10, "end": 12},
        {"lead": " ", "text": "cd", "start": 12, "end": 15},
    ]
    assert done["places"] == [-1, 0, 0, 1]
