"""Every translation keeps the places that its message fills in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Message

from voiceproject.translations.catalogues import (
    DOMAINS,
    TRANSLATED_LANGUAGES,
    catalogue_path,
    read_catalogue,
)

CATALOGUES = [
    (language, domain) for language in TRANSLATED_LANGUAGES for domain in DOMAINS
]


def messages(language: str, domain: str) -> Iterator[Message]:
    found = read_catalogue(catalogue_path(language, domain), language)
    return (message for message in found if message.id)


def places(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s|%s", text))


def strings(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_it_keeps_the_places_of_the_message(language: str, domain: str) -> None:
    wrong = [
        string
        for message in messages(language, domain)
        for string in strings(message.string)
        if string and places(string) != places("".join(strings(message.id)))
    ]
    assert wrong == []
