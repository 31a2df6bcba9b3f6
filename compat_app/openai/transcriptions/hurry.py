"""How urgent a request is, and whether it is one utterance: headers of our own.

Web nodes whose engine runs elsewhere send them with each utterance. Without them a
request is a file, which gives way to live speech.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from common.errors import BadValue, Expired
from common.workers import Priority
from stt_app.core.files.file_transcriber import FileEvent

PRIORITY = "X-Priority"
DEADLINE = "X-Request-Deadline"
VOICE = "X-Voice-Probability"
PRIORITIES = {
    "live": Priority.FINAL,
    "final": Priority.FINAL,
    "speculative": Priority.SPECULATIVE,
    "interim": Priority.INTERIM,
    "file": Priority.FILE,
}


@dataclass(frozen=True)
class Hurry:
    """The priority, and when nobody needs the answer any more."""

    priority: Priority = Priority.FILE
    seconds_left: float | None = None
    voice_probability: float | None = None
    """Given for a single utterance, whose speech the client has detected itself."""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Hurry:
        """As the headers say. Raises BadValue."""
        return cls(
            _priority(headers.get(PRIORITY, "")),
            _seconds(headers.get(DEADLINE, "")),
            _probability(headers.get(VOICE, "")),
        )


def _priority(given: str) -> Priority:
    if not given:
        return Priority.FILE
    if (found := PRIORITIES.get(given.strip().lower())) is None:
        names = ", ".join(f"`{name}`" for name in PRIORITIES)
        raise BadValue(f"`{PRIORITY}` must be one of {names}.", field=PRIORITY)
    return found


def _seconds(given: str) -> float | None:
    if not given:
        return None
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise BadValue(
            f"`{DEADLINE}` must be the seconds that are left, such as `2.5`.",
            field=DEADLINE,
        )
    return seconds


def _probability(given: str) -> float | None:
    if not given:
        return None
    try:
        probability = float(given)
    except ValueError:
        probability = math.nan
    if not 0 <= probability <= 1:
        raise BadValue(f"`{VOICE}` must be a number from 0 to 1.", field=VOICE)
    return probability


async def before_deadline(
    events: AsyncGenerator[FileEvent, None], seconds_left: float | None
) -> AsyncGenerator[FileEvent, None]:
    """The events. Raises Expired when the time is over, and ends the work then."""
    loop = asyncio.get_running_loop()
    ends_at = None if seconds_left is None else loop.time() + seconds_left
    try:
        while True:
            try:
                async with asyncio.timeout_at(ends_at):
                    event = await anext(events)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise Expired("The time of the request is over.") from None
            yield event
    finally:
        await events.aclose()
