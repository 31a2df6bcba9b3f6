"""The pages speak the visitor's language; programs always get English."""

from __future__ import annotations

import re

import pytest

PAGE = {"Accept": "text/html"}
GERMAN = {**PAGE, "Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


async def test_it_follows_the_browser(client):
    answer = await client.get("/", headers=GERMAN)
    assert '<html lang="de">' in answer.text
    assert "Zum Inhalt springen" in answer.text
    assert answer.headers["Content-Language"] == "de"
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].split(", "))


@pytest.mark.parametrize(
    ("cookie", "language"), [("fr", "fr"), ("en", "en"), ("xx", "de"), ("../de", "de")]
)
async def test_it_follows_the_choice_of_the_visitor_first(cookie, language, client):
    headers = {**GERMAN, "Cookie": f"voice_language={cookie}"}
    answer = await client.get("/", headers=headers)
    assert f'<html lang="{language}">' in answer.text


async def test_it_speaks_english_where_it_lacks_the_language(client):
    answer = await client.get("/", headers={**PAGE, "Accept-Language": "ja"})
    assert '<html lang="en">' in answer.text
    assert "/i18n/" not in answer.text


async def test_it_answers_programs_in_english(client):
    headers = {"Accept": "application/json", "Accept-Language": "de"}
    german = await client.get("/nowhere", headers=headers)
    english = await client.get("/nowhere", headers={"Accept": "application/json"})
    assert german.json()["error"]["message"] == english.json()["error"]["message"]
    assert "Content-Language" not in german.headers


async def test_it_serves_the_messages_of_the_scripts(client_for):
    async with client_for(api_keys=["one"]) as client:
        page = await client.get("/", headers={**GERMAN, "X-API-Key": "one"})
        (address,) = re.findall(r'src="(/i18n/de\.js\?v=\w+)"', page.text)
        answer = await client.get(address)
        unknown = await client.get("/i18n/xx.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in answer.headers["Cache-Control"]
    assert '"Copied": "Kopiert"' in answer.text
    assert unknown.status_code == 404
