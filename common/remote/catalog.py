"""What another server offers: its lists of models and voices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from common.remote.address import join_path
from common.remote.answers import failure_of, read_json
from common.remote.failures import Garbled, Refused

ModelTask = Literal["automatic-speech-recognition", "text-to-speech"]
"""How this server and Speaches mark their models."""

_MOST_NAMES = 1_000
_NAME_CHARACTERS = 200
_HAS_NO_LIST = (
    httpx.codes.NOT_FOUND,
    httpx.codes.METHOD_NOT_ALLOWED,
    httpx.codes.NOT_IMPLEMENTED,
)


@dataclass(frozen=True)
class OfferedVoice:
    """A voice of a list."""

    name: str
    language: str = ""
    """Empty when the list does not say."""


@dataclass(frozen=True)
class Offers:
    """What a server offers; empty when it does not list it."""

    models: tuple[str, ...] = ()
    voices: tuple[OfferedVoice, ...] = ()


@dataclass(frozen=True)
class Catalog:
    """Reads the lists of servers."""

    client: httpx.AsyncClient
    limit_kb: int

    async def models(self, url: httpx.URL, task: ModelTask) -> Offers:
        """The models that are marked for the task: a list without marks may hold
        anything. Raises AskFailed and httpx.HTTPError.
        """
        entries = await self._entries(url, "/models", "data") or ()
        names = [e["id"] for e in entries if e.get("task") == task and "id" in e]
        return Offers(models=tuple(dict.fromkeys(filter(_is_name, names))))

    async def voices(self, url: httpx.URL) -> Offers:
        """The voices. Raises AskFailed, also for a list without any: the server's engine
        is down then; and httpx.HTTPError.
        """
        entries = await self._entries(url, "/audio/voices", "voices")
        if entries is None:
            return Offers()
        found = {voice.name: voice for voice in map(_voice, entries)}
        usable = tuple(voice for name, voice in found.items() if _is_name(name))
        if not usable:
            raise Refused("lists no voices")
        return Offers(voices=usable)

    async def _entries(
        self, url: httpx.URL, path: str, field: str
    ) -> Sequence[dict[str, Any]] | None:
        """The list below `path`, where a text stands for an object with that `id`;
        None from a server that has no such list."""
        async with self.client.stream("GET", join_path(url, path)) as response:
            if response.status_code in _HAS_NO_LIST:
                return None
            if response.status_code != httpx.codes.OK:
                raise await failure_of(response)
            try:
                value = await read_json(response, self.limit_kb)
            except Garbled as error:
                raise Refused(f"has no list at {path}: it {error.what}") from error
        listed = value.get(field) if isinstance(value, dict) else value
        if not isinstance(listed, list):
            return None
        objects = [{"id": e} if isinstance(e, str) else e for e in listed[:_MOST_NAMES]]
        return [entry for entry in objects if isinstance(entry, dict)]


def _voice(entry: dict[str, Any]) -> OfferedVoice:
    name = entry.get("id") or entry.get("voice_id") or entry.get("name")
    language = entry.get("language")
    return OfferedVoice(
        name if isinstance(name, str) else "",
        language if isinstance(language, str) else "",
    )


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= _NAME_CHARACTERS
