"""The web app manifest: complete, true about its icons, and readable by a browser."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import httpx

from common.config import project_dir
from common.product import NAME

PATH = "/manifest.webmanifest"


async def test_it_describes_an_app_that_can_be_installed(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get(PATH)
    assert answer.headers["content-type"].startswith("application/manifest+json")
    content = answer.json()
    assert (content["name"], content["display"]) == (NAME, "standalone")
    assert content["start_url"] == content["scope"] == "/"
    for shortcut in content["shortcuts"]:
        assert (await client.get(shortcut["url"])).status_code == 200
    assert f'<link rel="manifest" href="{PATH}">' in (await client.get("/")).text


async def test_its_icons_are_as_large_as_it_says(client: httpx.AsyncClient) -> None:
    icons = (await client.get(PATH)).json()["icons"]
    assert {"any", "maskable"} == {icon["purpose"] for icon in icons}
    sizes = set()
    for icon in icons:
        data = (project_dir() / icon["src"].removeprefix("/")).read_bytes()
        if icon["type"] == "image/png":
            width, height = struct.unpack(">II", data[16:24])
            assert icon["sizes"] == f"{width}x{height}"
            sizes.add(width)
    assert {192, 512} <= sizes


async def test_it_needs_no_key(client_for: Callable[..., Any]) -> None:
    async with client_for(api_keys=["secret"]) as client:
        assert (await client.get(PATH)).status_code == 200
        assert (await client.get("/voices/gallery/")).status_code == 401
