"""Checkpoints of streams, so that a client can resume after a lost connection.

A checkpoint has one owner, the connection that serves the stream now. Whoever
claims it becomes the owner, and the earlier one learns it at its next `save`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import structlog

from common.redis_clients import REDIS_ERRORS, RedisClients

log = structlog.get_logger(__name__)

STREAM_PREFIX = "voice:stream:"
_KEPT_ENDS = 64
_SAME_SECONDS = 0.05


@dataclass(frozen=True)
class Checkpoint:
    """The state that a stream's next connection needs."""

    session_id: str
    audio_seconds: float = 0.0
    """Acknowledged: all speech before is in transcripts that were sent."""
    utterances: int = 0
    ends: tuple[float, ...] = ()
    """Where the latest utterances end, in seconds of the stream."""
    principal: str = ""
    """The owner of the stream: nobody else can resume it."""

    def with_utterance(self, number: int, end: float) -> Checkpoint:
        ends = (*self.ends, end)[-_KEPT_ENDS:]
        return replace(self, utterances=number, ends=ends)

    def acknowledged(self, seconds: float) -> Checkpoint:
        return replace(self, audio_seconds=seconds)

    def at(self, seconds: float | None) -> Checkpoint:
        """Rewind to an earlier point: the client did not receive later messages."""
        if seconds is None:
            return self
        kept = tuple(end for end in self.ends if end <= seconds + _SAME_SECONDS)
        left = self.utterances - (len(self.ends) - len(kept))
        return replace(self, audio_seconds=seconds, utterances=left, ends=kept)


class Checkpoints(Protocol):
    """A store of checkpoints."""

    async def claim(self, token: str, owner: str, principal: str) -> Checkpoint | None:
        """Become the owner. None: this principal has no such stream, or it has
        expired."""

    async def save(self, token: str, owner: str, checkpoint: Checkpoint) -> bool:
        """Write it. False: another connection owns the stream now."""

    async def owns(self, token: str, owner: str) -> bool:
        """Whether nobody has claimed it since, or claimed and ended it."""

    async def forget(self, token: str) -> None: ...

    async def close(self) -> None: ...


class MemoryCheckpoints:
    """For one process: lost on restart."""

    def __init__(
        self, keep_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._kept: dict[str, tuple[str, Checkpoint, float]] = {}

    async def claim(self, token: str, owner: str, principal: str) -> Checkpoint | None:
        self._forget_old()
        found = self._kept.get(token)
        if found is None or found[1].principal != principal:
            return None
        await self._keep(token, owner, found[1])
        return found[1]

    async def save(self, token: str, owner: str, checkpoint: Checkpoint) -> bool:
        if token in self._kept and not await self.owns(token, owner):
            return False
        await self._keep(token, owner, checkpoint)
        return True

    async def owns(self, token: str, owner: str) -> bool:
        found = self._kept.get(token)
        return found is not None and found[0] == owner

    async def forget(self, token: str) -> None:
        self._kept.pop(token, None)

    def forget_principals(self, principals: Collection[str]) -> None:
        """Nobody can resume their streams any more."""
        kept = self._kept.items()
        theirs = [token for token, (_, c, _) in kept if c.principal in principals]
        for token in theirs:
            del self._kept[token]

    async def close(self) -> None:
        self._kept.clear()

    async def _keep(self, token: str, owner: str, checkpoint: Checkpoint) -> None:
        until = self._clock() + self._keep_seconds
        self._kept[token] = owner, checkpoint, until

    def _forget_old(self) -> None:
        now = self._clock()
        old = [token for token, (*_, until) in self._kept.items() if until < now]
        for token in old:
            del self._kept[token]


_CLAIM = """
local found = redis.call('HGET', KEYS[1], 'checkpoint')
if not found or cjson.decode(found)['principal'] ~= ARGV[3] then return false end
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return found
"""
_SAVE = """
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner and owner ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'checkpoint', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""


class RedisCheckpoints:
    """Shared between processes. Without Redis, streams go on but cannot be resumed."""

    def __init__(self, url: str, keep_seconds: float) -> None:
        self._clients = RedisClients(url)
        self._keep_seconds = max(1, int(keep_seconds))

    async def claim(self, token: str, owner: str, principal: str) -> Checkpoint | None:
        arguments: list[str | int] = [owner, self._keep_seconds, principal]
        found = await self._ask(None, "EVAL", _CLAIM, 1, _key(token), *arguments)
        return None if found is None else _read(found)

    async def save(self, token: str, owner: str, checkpoint: Checkpoint) -> bool:
        written = json.dumps(asdict(checkpoint))
        arguments = (owner, self._keep_seconds, written)
        return bool(await self._ask(1, "EVAL", _SAVE, 1, _key(token), *arguments))

    async def owns(self, token: str, owner: str) -> bool:
        found = await self._ask(owner, "HGET", _key(token), "owner")
        return bool(found == owner)

    async def forget(self, token: str) -> None:
        await self._ask(None, "DEL", _key(token))

    async def close(self) -> None:
        await self._clients.close()

    async def _ask(self, otherwise: Any, command: str, *arguments: Any) -> Any:
        try:
            return await self._clients.client.execute_command(command, *arguments)
        except REDIS_ERRORS as error:
            log.warning("no checkpoint: Redis does not answer", reason=str(error))
            return otherwise


def _key(token: str) -> str:
    return f"{STREAM_PREFIX}{token}"


def _read(found: str) -> Checkpoint:
    plain = json.loads(found)
    return Checkpoint(**{**plain, "ends": tuple(plain["ends"])})
