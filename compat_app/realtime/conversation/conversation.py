"""One conversation of the Realtime API, whatever carries it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any

from chat_app.core import outputs as out
from chat_app.protocol.event import ServerEvent
from chat_app.protocol.server import Cleared
from chat_app.session.session import ConversationSession
from common.errors import BadRequest
from compat_app.realtime.conversation.carriers import (
    Caller,
    Carrier,
    for_carrier,
    rate_for,
)
from compat_app.realtime.conversation.choices import Choices
from compat_app.realtime.conversation.item_requests import ItemRequests
from compat_app.realtime.conversation.mapper import ConversationMapper
from compat_app.realtime.shared import conversation_messages as ask
from compat_app.realtime.shared.conversation import (
    ConversationChanges,
    ConversationConfig,
)
from compat_app.realtime.shared.conversation_messages import RateLimits
from compat_app.realtime.shared.conversation_parts import ResponseWish
from compat_app.realtime.shared.errors import KIND_IS_FIXED, Refused
from compat_app.realtime.shared.kinds import Kind, shown_base
from compat_app.realtime.shared.messages import (
    AppendAudio,
    ClearAudio,
    ClientEvent,
    CommitAudio,
    SessionCreated,
    SessionUpdate,
    SessionUpdated,
)
from compat_app.realtime.shared.reading import audio_bytes
from gateway_app.usage.accounts import Quota

LONGEST_COMMIT_SECONDS = 10.0
"""How long events wait for the text of a turn that the client has committed."""
ACTIVE_RESPONSE = "conversation_already_has_active_response"
_EVENTS_AHEAD = 64
"""A client that reads slower than this many events gets no more audio made."""
_LONGEST_SECONDS = 1e9
"""In the session object; the setting may be infinite."""


class RealtimeConversation:
    """Obeys the client's events, and gives the server's; it knows no transport.

    Made by `open_conversation`. Send `created()`, then everything of `events()`, and pass
    each client event to `obey`, one after the other: it waits while the session is behind.
    Its Refused goes to the client as an `error` event, and the conversation goes on.
    `close` must be awaited in the end.

    Audio comes in `input_audio_buffer.append` and goes in `response.output_audio.delta`.
    With a Carrier neither is so: it gives PCM to `hear` and gets ReplyAudio. It may report
    with `engine.played` what was heard.
    """

    kind = Kind.CONVERSATION

    def __init__(
        self,
        engine: ConversationSession,
        choices: Choices,
        config: ConversationConfig,
        caller: Caller,
        carrier: Carrier | None = None,
    ) -> None:
        self.engine = engine
        self._choices = choices
        self._config = config
        self._caller = caller
        self._carrier = carrier
        self._mapper = ConversationMapper(
            config, has_audio=carrier is None, tells_truncation=carrier is not None
        )
        self._items = ItemRequests(engine, choices, self._mapper, caller)
        self._uncommitted = 0
        """Bytes of audio since the last turn."""
        self._settled = asyncio.Event()
        self._settled.set()
        self._events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(
            _EVENTS_AHEAD
        )
        self._failure: Exception | None = None
        self._mapping = asyncio.create_task(self._map())
        lasts = choices.config.realtime_session_seconds
        self._expires_at = int(time.time() + min(lasts, _LONGEST_SECONDS))

    def created(self) -> dict[str, Any]:
        """The first event."""
        return SessionCreated(session=self._session()).wire()

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Every event after the first one, as it is sent. Raises the error that ended the
        conversation."""
        while (event := await self._events.get()) is not None:
            yield event
        if self._failure is not None:
            raise self._failure

    async def obey(self, event: ClientEvent) -> None:
        """Do what the client asks. Raises Refused; QuotaExceeded when nothing is left."""
        try:
            await self._obey(event)
        except Refused as refusal:
            refusal.event_id = event.event_id
            raise
        except BadRequest as error:
            raise Refused(
                error.message,
                code=error.code,
                param=error.field,
                event_id=event.event_id,
            ) from error

    async def hear(self, audio: bytes) -> None:
        """Audio in the session's format, or as the Carrier says."""
        size = self.engine.slice_bytes
        # To read a large event took a while already.
        await asyncio.sleep(0)
        for start in range(0, len(audio), size):
            piece = audio[start : start + size]
            self.engine.feed(piece)
            self._uncommitted += len(piece)
            await self.engine.wait_for_capacity()

    def warn(self, seconds: float) -> None:
        """The session ends in this many seconds: `session.updated` says when."""
        self.engine.warn_of_end(seconds)

    async def finish(self, reason: str) -> None:
        """End the response; return when the user's last turn was told."""
        await self.engine.drain()

    async def close(self) -> None:
        """The connection has ended."""
        await self.engine.close()
        self._mapping.cancel()
        await asyncio.gather(self._mapping, return_exceptions=True)
        while not self._events.empty():
            self._events.get_nowait()
        self._events.put_nowait(None)

    async def _obey(self, event: ClientEvent) -> None:
        match event:
            case AppendAudio():
                if self._carrier is not None:
                    raise Refused("Audio comes through the connection's own track.")
                await self.hear(audio_bytes(event.audio))
            case SessionUpdate():
                await self._update(event)
            case CommitAudio():
                await self._commit()
            case ClearAudio():
                self._uncommitted = 0
                self.engine.clear_audio()
                await self._put([Cleared()])
            case ask.CancelResponse():
                self._cancel(event.response_id or "")
            case ask.TruncateItem():
                self._truncate(event)
            case _:
                await self._wait_for_commits()
                await self._obey_later(event)

    async def _obey_later(self, event: ClientEvent) -> None:
        """What a turn that was committed before comes first of."""
        match event:
            case ask.CreateItem():
                await self._items.create(event, self._config)
            case ask.DeleteItem():
                await self._put(self._items.delete(event.item_id))
            case ask.RetrieveItem():
                await self._put(self._items.retrieve(event.item_id))
            case ask.CreateResponse():
                await self._create_response(event.response or ResponseWish())

    async def _update(self, event: SessionUpdate) -> None:
        if not isinstance(event.session, ConversationChanges):
            raise Refused(KIND_IS_FIXED, param="session.type")
        config = self._config.updated(event.session)
        options = for_carrier(await self._choices.options(config), self._carrier)
        rate_hz = rate_for(config, self._carrier)
        self.engine.configure(options, config.instructions, rate_hz)
        self._config = self._mapper.config = config
        await self._put([SessionUpdated(session=self._session())])

    async def _commit(self) -> None:
        if not self._uncommitted:
            raise Refused(
                "The input audio buffer is empty: no audio has come since the last commit.",
                code="input_audio_buffer_commit_empty",
            )
        self._uncommitted = 0
        if self.engine.commit_audio():
            self._mapper.commits += 1
            self._settled.clear()
        else:
            await self._put(self._mapper.commit_of_nothing())

    async def _wait_for_commits(self) -> None:
        try:
            async with asyncio.timeout(LONGEST_COMMIT_SECONDS):
                await self._settled.wait()
        except TimeoutError:
            self._mapper.commits = 0
            self._settled.set()

    def _cancel(self, response_id: str) -> None:
        is_active = self._mapper.is_answering(response_id)
        # Also after `response.done`, while its audio may be playing.
        self.engine.cancel_reply(response_id)
        if not is_active:
            raise Refused(
                "There is no active response to cancel.",
                code="response_cancel_not_active",
                param="response_id" if response_id else None,
            )

    def _truncate(self, event: ask.TruncateItem) -> None:
        self._mapper.truncations.add(event.item_id)
        if not self.engine.truncate(event.item_id, event.audio_end_ms):
            self._mapper.truncations.discard(event.item_id)
            raise Refused(
                f"There is no response `{event.item_id}` whose audio could be truncated.",
                code="item_truncate_invalid_item_id",
                param="item_id",
            )

    async def _create_response(self, wish: ResponseWish) -> None:
        items = await self._items.given(wish, self._config)
        request = await self._choices.request(wish, self._config, items)
        try:
            self.engine.ask_reply(request)
        except BadRequest as error:
            code = "too_many_responses" if request.out_of_band else ACTIVE_RESPONSE
            raise Refused(error.message, code=code) from error
        self._mapper.asked = self._mapper.asked or not request.out_of_band

    async def _map(self) -> None:
        """Put the events of the conversation among those that answer the client."""
        try:
            async for event in self.engine.events():
                if self._carrier is not None:
                    self._carrier.take(event)
                if isinstance(event, out.ClosingSoon):
                    await self._put([SessionUpdated(session=self._session())])
                await self._put(self._mapper.events(event))
                if isinstance(event, out.TurnCommitted | out.SilenceCommitted):
                    self._uncommitted = 0
                if isinstance(event, out.ResponseEnded):
                    await self._tell_limits()
                if not self._mapper.commits:
                    self._settled.set()
        except Exception as error:  # noqa: BLE001 - `events` raises it
            self._failure = error
        await self._events.put(None)

    async def _tell_limits(self) -> None:
        left = await self.engine.account.allowance(Quota.LLM_TOKENS)
        if left is not None:
            limit = {"limit": left.limit, "remaining": left.remaining}
            resets = {"name": "tokens", "reset_seconds": left.reset_seconds}
            await self._put([RateLimits(rate_limits=[{**limit, **resets}])])

    async def _put(self, events: Iterable[ServerEvent]) -> None:
        for event in events:
            await self._events.put(event.wire())

    def _session(self) -> dict[str, Any]:
        """The session object."""
        return {
            **shown_base(self.kind, f"sess_{self._caller.session_id}"),
            "expires_at": self._expires_at,
            **self._config.wire(),
        }
