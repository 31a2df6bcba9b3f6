"""All calls of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from common.config import Config
from common.errors import NotFound
from common.services import Services
from compat_app.realtime.calls.call import Call, OpenConversation
from compat_app.realtime.calls.extra import is_installed, load_peers
from compat_app.realtime.calls.network import network_of
from compat_app.realtime.calls.offers import usable_offer
from gateway_app.access.principals import Principal, Scope
from gateway_app.sockets.limits import SocketLimits
from gateway_app.sockets.sessions import SessionRegistry

log = structlog.get_logger(__name__)

LARGEST_EVENT = 1 << 18
"""Bytes of an event of a caller, as the answer announces."""
CLOSE_SECONDS = 2.0
"""Time for calls that are cut off to end."""


@dataclass(frozen=True)
class Requester:
    """Who asks for a call, as its HTTP request shows."""

    principal: Principal
    address: str
    origin: str = ""


@dataclass(frozen=True)
class Answered:
    """A call that has begun."""

    id: str
    sdp: str


class Calls:
    """Accepts calls, and ends them."""

    def __init__(self, config: Config, sessions: SessionRegistry) -> None:
        self._config = config
        self._sessions = sessions
        self._calls: dict[str, Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Load the library, if it is installed, so that the first call does not wait."""
        if self._config.webrtc_api and is_installed():
            await asyncio.to_thread(load_peers)

    async def answer(
        self, sdp: str, requester: Requester, open_conversation: OpenConversation
    ) -> Answered:
        """Accept a call with that SDP offer.

        Raises NotFound while calls are off or the library is missing, BadValue for the
        offer, and what the admission and the conversation raise.
        """
        if not self._config.webrtc_api:
            raise NotFound("WebRTC is switched off here (`webrtc_api`).")
        peers = await asyncio.to_thread(load_peers)
        offer = usable_offer(sdp, with_candidates=bool(self._config.webrtc_ice_servers))
        call = Call(offer, peers, network_of(self._config), open_conversation)
        call.connection.origin = requester.origin
        self._calls[call.id] = call
        task = asyncio.create_task(self._run(call, requester))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Answered(call.id, await asyncio.shield(call.answered))

    async def hang_up(self, call_id: str, principal: Principal) -> None:
        """End a call. Raises NotFound unless it is the caller's own, or an admin asks."""
        await self.own(call_id, principal).end()

    def own(self, call_id: str, principal: Principal) -> Call:
        """A call of that principal; an admin may have any. Raises NotFound."""
        call = self._calls.get(call_id)
        is_own = call is not None and call.connection.principal.id == principal.id
        if call is None or not (is_own or principal.may(Scope.ADMIN)):
            raise NotFound(f"There is no call `{call_id[:80]}` on this server.")
        return call

    async def stop(self) -> None:
        """Cut off all calls that are still open."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=CLOSE_SECONDS)

    async def _run(self, call: Call, requester: Requester) -> None:
        async def admit() -> Principal:
            return requester.principal

        try:
            limits = self._limits()
            await call.run(self._sessions, limits, requester.address, admit)
        except Exception:
            log.exception("call failed", call=call.id)
        finally:
            del self._calls[call.id]

    def _limits(self) -> SocketLimits:
        config = self._config
        return SocketLimits(
            max_sessions=config.webrtc_max_calls,
            # Audio that waited comes in one piece.
            max_message_bytes=1 << 21,
            max_text_bytes=min(config.max_base64_message_kb * 1024, LARGEST_EVENT),
            idle_seconds=config.chat_idle_seconds,
            session_seconds=config.webrtc_call_seconds,
            messages_per_second=config.max_messages_per_second,
            carrier="data channel",
        )


def calls_of(scope: Mapping[str, Any]) -> Calls:
    """The calls of this process. Raises NotFound if it holds no conversations."""
    services: Services = scope["state"]
    found = services.get(Calls)
    if found is None:
        raise NotFound(
            "This process takes no calls: that takes speech to text and text to speech "
            "in one process."
        )
    return found
