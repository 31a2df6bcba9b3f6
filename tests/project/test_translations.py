"""Every message of the pages has its translation, with the same places to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from gettext import GNUTranslations
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog, Message

from voiceproject.translations.catalogues import (
    DOMAINS,
    TRANSLATED_LANGUAGES,
    catalogue_path,
    compiled,
    is_translated,
    read_catalogue,
)

CATALOGUES = pytest.mark.parametrize(
    ("language", "domain"),
    [(language, domain) for language in TRANSLATED_LANGUAGES for domain in DOMAINS],
)


@cache
def extracted(domain: str) -> Catalog:
    """The messages of the sources, as they are now."""
    return DOMAINS[domain]()


def catalogue(language: str, domain: str) -> Catalog:
    return read_catalogue(catalogue_path(language, domain), language)


def messages(found: Catalog) -> Iterator[Message]:
    return (message for message in found if message.id)


def keys(found: Catalog) -> set[tuple[object, str | None]]:
    return {(message.id, message.context) for message in messages(found)}


def places(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s|%s", text))


def strings(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("domain", DOMAINS)
def test_it_finds_the_messages_of_templates_and_scripts(domain: str) -> None:
    assert {"Speak", "Listen"} <= {
        message.id for message in messages(extracted(domain))
    }


@CATALOGUES
def test_it_translates_every_message(language: str, domain: str) -> None:
    found = catalogue(language, domain)
    missing = keys(extracted(domain)) - keys(found)
    missing |= {
        (message.id, message.context)
        for message in messages(found)
        if message.fuzzy or not is_translated(message.string)
    }
    assert not missing, f"Run `make messages`, then translate: {missing}"
    assert keys(found) == keys(extracted(domain)), "Run `make messages`."


@CATALOGUES
def test_it_keeps_the_places_of_the_message(language: str, domain: str) -> None:
    wrong = [
        string
        for message in messages(catalogue(language, domain))
        for string in strings(message.string)
        if places(string) != places("".join(strings(message.id)))
    ]
    assert wrong == []


@CATALOGUES
def test_its_compiled_catalogue_is_current(language: str, domain: str) -> None:
    path = catalogue_path(language, domain)
    now = BytesIO(compiled(read_catalogue(path, language)))
    with path.with_suffix(".mo").open("rb") as file:
        kept = GNUTranslations(file)
    wanted = GNUTranslations(now)
    assert translations(kept) == translations(wanted), "Run `make messages`."


def translations(compiled_catalogue: GNUTranslations) -> dict[object, str]:
    """Without the header, in which Babel names its version."""
    found: dict[object, str] = vars(compiled_catalogue)["_catalog"]
    return {key: text for key, text in found.items() if key != ""}
