"""A call by WebRTC from Chromium, with the page of docs/webrtc.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from common.config import project_dir
from tests.browser.watching import PATIENCE_MS, until
from tests.server_process import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.model]

WATCH_PEERS = """() => {
  window.peers = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...given) { super(...given); window.peers.push(this); }
  };
}"""
HEARD = """async () => {
  const stats = [...(await window.peers[0].getStats()).values()];
  const audio = stats.find((each) => each.type === "inbound-rtp");
  return audio?.totalAudioEnergy ?? 0;
}"""


def documented_page(server: str) -> str:
    text = (project_dir() / "docs/webrtc.md").read_text(encoding="utf-8")
    found = re.search(r"```html\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1].replace("http://127.0.0.1:8000", server)


@pytest.fixture
def page(browser: Browser, server: RunningServer) -> Iterator[Page]:
    """The page, as if the server had it, so that its origin is allowed."""
    context = browser.new_context()
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    address, body = f"{server.url}/call.html", documented_page(server.url)

    def answer(route: Any) -> None:
        route.fulfill(body=body, content_type="text/html")

    page.route(address, answer)
    page.goto(address)
    yield page
    context.close()


def test_it_is_answered_aloud(page: Page) -> None:
    page.evaluate(WATCH_PEERS)
    page.get_by_role("button", name="Call").click()
    text = page.locator("#text")
    words = re.compile("You: .*(meeting|Monday|folder)", re.IGNORECASE)
    expect(text).to_contain_text(words, timeout=PATIENCE_MS)
    until(page, lambda: page.evaluate(HEARD) > 0.001)
    expect(text).to_contain_text(re.compile(r"Reply: \w+"), timeout=PATIENCE_MS)
    assert page.evaluate("window.peers[0].connectionState") == "connected"
