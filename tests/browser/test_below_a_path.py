"""The whole site behind a proxy that serves it under a path, from its first moment on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from tests.browser.conftest import FAKES
from tests.browser.watching import Watch, scrolls_sideways, violations
from tests.server_process import started_server
from tests.servers.prefix_proxy import PrefixProxy, prefix_proxy

pytestmark = [pytest.mark.browser, pytest.mark.model]

ROOT = "/voice"
PAGES = ["/", "/speak/", "/listen/", "/talk/", "/monitor/", "/configuration/", "/api/"]
MORE_PAGES = ["/api/docs", "/admin/login/"]
PATIENCE_MS = 60_000


class Site:
    """A server that is still loading, the proxy in front of it, and a page."""

    def __init__(self, url: str, proxy: PrefixProxy, page: Page, go_on: Path) -> None:
        self.url = url
        self.proxy = proxy
        self.page = page
        self.go_on = go_on


@pytest.fixture
def site(browser: Browser, tmp_path: Path) -> Iterator[Site]:
    go_on = tmp_path / "go on"
    settings: dict[str, Any] = {
        **FAKES,
        "stt_engine": "tests.project.fake_engines:SlowStt",
        "stt_engine_options": json.dumps({"until": str(go_on)}),
        "root_path": ROOT,
        "tts_use_llm": False,
    }
    with (
        started_server(**settings) as server,
        prefix_proxy(server.port, ROOT) as (proxy, port),
    ):
        server.wait_until_answering()
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        yield Site(f"http://127.0.0.1:{port}{ROOT}", proxy, page, go_on)
        page.context.close()


def test_it_loads_and_then_works_without_a_request_outside_the_path(site: Site) -> None:
    page = site.page
    page.goto(f"{site.url}/speak/")
    loading = page.locator("#loading-parts")
    expect(loading.locator("[data-state=ready]")).to_have_count(2)
    expect(loading.locator("[data-state=loading]")).to_have_count(1)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            assert not scrolls_sideways(page)
            assert violations(page) == []
    site.go_on.touch()
    # It opens by itself.
    expect(page.locator("#speak")).to_be_enabled(timeout=PATIENCE_MS)
    watch = Watch(site.url.split("/")[2])
    watch.over(page)
    speaks(page)
    listens(page, site)
    for path in [*PAGES, *MORE_PAGES]:
        page.goto(site.url + path)
        page.wait_for_load_state("networkidle")
    assert watch.troubles == []
    assert site.proxy.elsewhere == []


def speaks(page: Page) -> None:
    page.locator("#text").fill("Hello from below a path.")
    with page.expect_response(lambda answer: answer.url.endswith("/voice/tts")) as tts:
        page.locator("#speak").click()
    assert tts.value.status == 200


def listens(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/listen/")
    with page.expect_websocket() as opened:
        page.locator("#mic").click()
    socket: WebSocket = opened.value
    assert "/voice/ws/stt?" in socket.url
    # A socket that closes before it is open is a warning of the browser.
    expect(page.locator("#state-words")).to_have_text("Listening", timeout=PATIENCE_MS)
    page.locator("#mic").click()
