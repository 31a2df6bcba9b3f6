"""Fair turns between callers: the order of every queue of the server.

Start-time fair queueing (Goyal, Vin, Cheng 1996): each caller has a tag, the work that
was done for it so far, and the lowest tag is served next. A newcomer starts where
the work of the others is now, so it waits for no one's backlog.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass

_MAX_TAGS = 1_000
"""A caller without a tag counts as a newcomer, so few need to be remembered."""


@dataclass(frozen=True)
class Caller:
    """For whom work is done."""

    principal: str = ""
    """The id of the principal; the first to share the turns."""
    address: str = ""
    """The network of the client; shares the turns of its principal."""


NOBODY = Caller()
"""The server itself, and commands."""
_CALLER: ContextVar[Caller] = ContextVar("caller", default=NOBODY)


def work_for(caller: Caller) -> None:
    """From here on this task, and each that it creates, works for the caller."""
    _CALLER.set(caller)


def current_caller() -> Caller:
    """For whom the current task works."""
    return _CALLER.get()


def crowds_out(waiting: Iterable[Caller], newcomer: Caller) -> Caller | None:
    """Who must give up a place in a full queue to this newcomer: whoever has most
    there, if that is more than the newcomer would have. None refuses the newcomer."""
    counts = Counter(waiting)
    if not counts:
        return None
    greediest, most = counts.most_common(1)[0]
    return greediest if most > counts[newcomer] + 1 else None


class Turns:
    """The order of callers in one queue: by principal, then by address.

    A caller who was served twice as much work as another waits twice as long.
    """

    def __init__(self) -> None:
        self._principals = _Tags()
        self._addresses: dict[str, _Tags] = {}

    def order(self, caller: Caller) -> tuple[float, float]:
        """The lowest is next."""
        addresses = self._addresses.get(caller.principal)
        return (
            self._principals.start(caller.principal),
            addresses.start(caller.address) if addresses else 0.0,
        )

    def serve(self, caller: Caller, cost: float = 1.0) -> None:
        """Count work that is done for the caller, in any unit above 0."""
        self._principals.serve(caller.principal, cost)
        if len(self._addresses) >= _MAX_TAGS:
            self._addresses.clear()
        self._addresses.setdefault(caller.principal, _Tags()).serve(
            caller.address, cost
        )

    def rest(self) -> None:
        """Nobody waits: all start anew."""
        self._principals = _Tags()
        self._addresses.clear()


class _Tags:
    """Names and how far each was served."""

    def __init__(self) -> None:
        self._clock = 0.0
        self._served: dict[str, float] = {}

    def start(self, name: str) -> float:
        return max(self._clock, self._served.get(name, 0.0))

    def serve(self, name: str, cost: float) -> None:
        self._clock = self.start(name)
        self._served[name] = self._clock + cost
        if len(self._served) > _MAX_TAGS:
            ahead = {name: at for name, at in self._served.items() if at > self._clock}
            # With as many at once, nobody is ahead of the others for long.
            self._served = ahead if len(ahead) <= _MAX_TAGS else {}
