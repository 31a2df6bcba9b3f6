"""The Speak page: sound, text, files, code to copy, and what went wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from common.audio import read_wav, rms
from tests.browser.watching import PATIENCE_MS, Shown

pytestmark = [pytest.mark.browser, pytest.mark.model]

TEXT = "Hello from the browser."
LONG = "The train to Berlin leaves at a quarter past nine. It costs $5, and the blue bag stays here. We will meet again on Monday morning."
# Counts what the page hands to the sound card, and how loud it is.
_COUNT_SAMPLES = """
window.played = { samples: 0, energy: 0 };
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...when) {
  const samples = this.buffer.getChannelData(0);
  window.played.samples += samples.length;
  for (const sample of samples) window.played.energy += sample * sample;
  return start.apply(this, when);
};
"""


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    page = visit("/listen/")
    page.add_init_script(_COUNT_SAMPLES)
    page.goto(page.url.replace("listen", "speak"))
    expect(page.get_by_role("button", name="Speak", exact=True)).to_be_enabled()
    return page


def speak(page: Page, text: str = TEXT, *, llm: bool = False) -> None:
    page.get_by_role("switch", name="Answer with the language model").set_checked(llm)
    page.locator("#text").fill(text)
    page.get_by_role("button", name="Speak", exact=True).click()


def seek(page: Page, seconds: float) -> None:
    page.locator("#seek").evaluate(
        """(slider, seconds) => {
             slider.value = seconds;
             slider.dispatchEvent(new Event("input"));
           }""",
        seconds,
    )


def lit(page: Page) -> str:
    """The word that is lit up now."""
    words: list[str] = page.evaluate(
        '[...(CSS.highlights.get("spoken-word") ?? [])].map(String)'
    )
    return words[0] if words else ""


def until_done(page: Page) -> None:
    expect(page.locator("#status")).to_have_text("Done", timeout=PATIENCE_MS)
    expect(page.locator("#stop")).to_be_disabled(timeout=PATIENCE_MS)


def test_it_makes_sound(page: Page) -> None:
    status = Shown(page, "#status")
    speak(page)
    until_done(page)
    assert status.texts[-2:] == ["Speaking", "Done"]
    expect(page.locator("#first-sound")).to_have_text(re.compile(r"^[\d,]+ ms$"))
    played: dict[str, Any] = page.evaluate("window.played")
    seconds = float(page.locator("#seek").get_attribute("max") or 0)
    expect(page.locator("#length")).to_have_text(re.compile(r"^0:0\d$"))
    assert seconds > 0.8
    assert played["samples"] / 22_050 == pytest.approx(seconds, abs=0.1)
    assert played["energy"] / played["samples"] > 1e-4


def test_it_shows_the_answer_of_the_language_model(page: Page) -> None:
    # Long enough to be stopped.
    speak(page, "Tell a long story of a dog.", llm=True)
    expect(page.locator("#spoken-text")).to_have_text(
        re.compile(r"\w"), timeout=PATIENCE_MS
    )
    expect(page.locator("#first-sound")).to_have_text(
        re.compile("ms$"), timeout=PATIENCE_MS
    )
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#stop")).to_be_disabled()


def test_it_works_with_the_keyboard_alone(page: Page) -> None:
    page.locator("#text").focus()
    page.keyboard.type(TEXT)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#llm")).to_be_focused()
    expect(page.locator("#llm")).not_to_be_checked()
    page.keyboard.press("Space")
    expect(page.locator("#text-label")).to_have_text("Question")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#stop")).to_be_enabled()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#stop")).to_be_disabled()
    expect(page.locator("#speak")).to_be_focused()
    page.keyboard.press("Enter")
    until_done(page)


def test_it_plays_a_sample_of_the_voice(page: Page) -> None:
    page.get_by_role("button", name="Play a sample of this voice").click()
    until_done(page)
    assert page.evaluate("window.played.samples") > 0
    expect(page.locator("#recent-empty")).to_be_visible()


def test_it_pauses_goes_to_any_word_and_stops(page: Page) -> None:
    speak(page, LONG)
    expect(page.locator("#status")).to_have_text("Speaking", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#status")).to_have_text("Paused")
    expect(page.locator("#download")).to_be_enabled(timeout=PATIENCE_MS)
    length = float(page.locator("#seek").get_attribute("max") or 0)
    heard: list[str] = []
    for step in range(int(length * 10)):
        seek(page, step / 10)
        if (word := lit(page)) not in heard[-1:]:
            heard.append(word)
    assert [word for word in heard if word] == [w for w in LONG.split() if w in heard]
    # Some words are shorter than a step of the slider.
    assert len(heard) > 0.6 * len(LONG.split())
    page.locator("#playback").select_option("2")
    seek(page, length / 8)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator("#status")).to_have_text("Speaking")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#status")).to_have_text("Stopped")
    expect(page.locator("#position")).to_have_text("0:00")
    page.locator("#seek").focus()
    page.keyboard.press("End")
    until_done(page)


def test_a_part_that_was_stopped_can_be_played(page: Page) -> None:
    speak(page, LONG * 8)
    expect(page.locator("#status")).to_have_text("Speaking", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#status")).to_have_text("Stopped")
    expect(page.locator("#recent-empty")).to_be_visible()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator("#status")).to_have_text("Speaking")
    expect(page.locator("#download")).to_be_enabled()


def test_the_code_that_it_copies_runs(page: Page, tmp_path: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#text").fill("It's “quoted”, $HOME and `more`.")
    page.locator("#speed").press("ArrowRight")
    shell, python = ["sh", "-c"], [sys.executable, "-c"]
    for name, runner in (("curl command", shell), ("Python program", python)):
        page.get_by_role("button", name=f"Copy as a {name}").click()
        expect(page.locator("#announcer")).to_have_text("Copied")
        code = page.evaluate("navigator.clipboard.readText()")
        page.evaluate("document.getElementById('announcer').textContent = ''")
        subprocess.run([*runner, code], cwd=tmp_path, check=True, timeout=60)
        audio = read_wav(tmp_path / "speech.wav")
        assert audio.seconds > 1
        assert rms(audio.samples) > 0.01
        (tmp_path / "speech.wav").unlink()


@pytest.mark.parametrize("audio_format", ["wav", "mp3"])
def test_it_downloads(page: Page, audio_format: str, tmp_path: Path) -> None:
    speak(page)
    until_done(page)
    page.locator("#format").select_option(audio_format)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == f"speech.{audio_format}"
    path = tmp_path / "speech"
    download.value.save_as(path)
    if audio_format == "wav":
        audio = read_wav(path)
        assert audio.seconds > 0.8
        assert rms(audio.samples) > 0.01
    else:
        assert path.read_bytes()[:3] == b"ID3" or path.read_bytes()[0] == 0xFF


def test_it_remembers_and_replays(page: Page) -> None:
    page.locator("#format").select_option("mp3")
    page.locator("#playback").select_option("2")
    page.locator("#speed").press("ArrowRight")
    speak(page)
    until_done(page)
    row = page.get_by_role("button", name=f"Play: {TEXT}")
    # It is shown once it is on the disk.
    expect(row).to_be_visible()
    page.get_by_role("switch", name="Answer with the language model").check()
    page.reload()
    expect(page.locator("#text")).to_have_value(TEXT)
    expect(page.locator("#llm")).to_be_checked()
    expect(page.locator("#format")).to_have_value("mp3")
    expect(page.locator("#playback")).to_have_value("2")
    expect(page.locator("#speed-value")).to_have_text("1.1×")
    status = Shown(page, "#status")
    row.click()
    until_done(page)
    assert status.texts[-2:] == ["Speaking", "Done"]
    # The times of the words were kept with the audio.
    page.locator("#playback").select_option("0.75")
    # The text is so short that it might be over between two clicks.
    page.locator("#toggle").evaluate("button => { button.click(); button.click(); }")
    expect(page.locator("#status")).to_have_text("Paused")
    seek(page, 0.9 * float(page.locator("#seek").get_attribute("max") or 0))
    assert lit(page) == "browser."
    page.get_by_role("button", name="Remove all").click()
    expect(page.locator("#recent-empty")).to_be_visible()


def test_it_asks_for_text(page: Page) -> None:
    speak(page, "   ")
    expect(page.locator("#text-problem")).to_have_text("Write a text first.")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("a")
    expect(page.locator("#text-problem")).to_be_empty()


def test_it_refuses_a_text_that_is_too_long(page: Page) -> None:
    speak(page, "a" * 5_001)
    problem = page.locator("#text-problem")
    expect(problem).to_contain_text("longer than 5,000 characters")
    expect(page.locator("#count")).to_have_text("5,001 of 5,000 characters")


def test_it_says_what_the_server_said(browser: Browser, fake_server: Any) -> None:
    with fake_server() as server, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{server.url}/speak/")
        speak(page, "***")
        expect(page.locator("#notice .notice-title")).not_to_be_empty()
        expect(page.locator("#llm")).to_be_disabled()
        expect(page.locator("#llm-hint")).to_contain_text("no language model")
        server.process.kill()
        speak(page, "Hello")
        expect(page.locator("#notice")).to_contain_text("The server does not answer.")
