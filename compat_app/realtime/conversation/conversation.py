"""One conversation of the Realtime API over any transport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

from chat_app.conversation.caller import Caller
from chat_app.core import outputs as out
from chat_app.protocol.event import ServerEvent
from chat_app.protocol.server import Cleared
from chat_app.session.session import ConversationSession
from common.errors import BadRequest
from compat_app.realtime.conversation.carriers import (
    Carrier,
    for_carrier,
    rate_for,
)
from compat_app.realtime.conversation.choices import Choices
from compat_app.realtime.conversation.item_requests import ItemRequests
from compat_app.realtime.conversation.mapper import ConversationMapper
from compat_app.realtime.shared import conversation_messages as messages
from compat_app.realtime.shared.conversation import (
    ConversationChanges,
    ConversationConfig,
)
from compat_app.realtime.shared.conversation_parts import ResponseParams
from compat_app.realtime.shared.errors import (
    KIND_IS_FIXED,
    Refused,
    check_commit,
    refusal_code,
)
from compat_app.realtime.shared.kinds import Kind
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
from compat_app.realtime.shared.session_object import expiry_time, session_base
from gateway_app.usage.accounts import Quota

LONGEST_COMMIT_SECONDS = 10.0
"""How long events wait for the text of a turn that the client has committed."""
ACTIVE_RESPONSE = "conversation_already_has_active_response"
_EVENTS_AHEAD = 64
"""A client that reads slower than this many events gets no more audio made."""


class RealtimeConversation:
    """Carries out the client's events, and yields those of the server.

    Made by `open_conversation`. Send `created()`, then everything of `events()`, and pass
    each client event to `handle`, one after the other: it waits while the session is behind.
    Its Refused goes to the client as an `error` event, and the conversation goes on.
    `close` must be awaited in the end.

    Audio arrives in `input_audio_buffer.append` and leaves in
    `response.output_audio.delta`. A Carrier replaces both: it passes PCM to `hear`, gets
    ReplyAudio, and may report with `engine.played` how much was played.
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
        self._uncommitted_seconds = 0.0
        """Audio since the last turn."""
        self._settled = asyncio.Event()
        self._settled.set()
        self._events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(
            _EVENTS_AHEAD
        )
        self._failure: Exception | None = None
        self._mapping = asyncio.create_task(self._map())
        self._expires_at = expiry_time(choices.config.realtime_session_seconds)

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

    async def handle(self, event: ClientEvent) -> None:
        """Carry out an event of the client. Raises Refused, and QuotaExceeded when the
        caller's quota is used up."""
        try:
            await self._handle(event)
        except Refused as refusal:
            refusal.event_id = event.event_id
            raise
        except BadRequest as error:
            raise Refused(
                error.message,
                code=refusal_code(error),
                param=error.field,
                event_id=event.event_id,
            ) from error

    async def hear(self, audio: bytes) -> None:
        """Take audio in the session's format, or in that of the Carrier. Waits while the
        session is behind."""
        size = self.engine.slice_bytes
        # Decoding a large event has held the loop already.
        await asyncio.sleep(0)
        carrier, form = self._carrier, self._config.hearing.format
        per_second = 2 * carrier.rate_hz if carrier else form.bytes_per_second
        for start in range(0, len(audio), size):
            piece = audio[start : start + size]
            self.engine.feed(piece)
            self._uncommitted_seconds += len(piece) / per_second
            await self.engine.wait_for_capacity()

    def warn(self, seconds: float) -> None:
        """The session ends in this many seconds: `session.updated` says when."""
        self.engine.warn_of_end(seconds)

    async def finish(self, reason: str) -> None:
        """End the response, and return when the user's last turn was sent."""
        await self.engine.drain()

    async def close(self) -> None:
        """The connection has ended."""
        await self.engine.close()
        self._mapping.cancel()
        await asyncio.gather(self._mapping, return_exceptions=True)
        while not self._events.empty():
            self._events.get_nowait()
        self._events.put_nowait(None)

    async def _handle(self, event: ClientEvent) -> None:
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
                self._uncommitted_seconds = 0.0
                self.engine.clear_audio()
                await self._put([Cleared()])
            case messages.CancelResponse():
                self._cancel(event.response_id or "")
            case messages.TruncateItem():
                self._truncate(event)
            case _:
                await self._wait_for_commits()
                await self._handle_after_commits(event)

    async def _handle_after_commits(self, event: ClientEvent) -> None:
        """Events that must wait until a turn committed before them was sent."""
        match event:
            case messages.CreateItem():
                await self._items.create(event, self._config)
            case messages.DeleteItem():
                await self._put(self._items.delete(event.item_id))
            case messages.RetrieveItem():
                await self._put(self._items.retrieve(event.item_id))
            case messages.CreateResponse():
                await self._create_response(event.response or ResponseParams())

    async def _update(self, event: SessionUpdate) -> None:
        if not isinstance(event.session, ConversationChanges):
            raise Refused(KIND_IS_FIXED, param="session.type")
        config = self._config.updated(event.session)
        options = for_carrier(await self._choices.options(config), self._carrier)
        rate_hz = rate_for(config, self._carrier)
        self.engine.configure(options, rate_hz)
        self._config = self._mapper.config = config
        await self._put([SessionUpdated(session=self._session())])

    async def _commit(self) -> None:
        check_commit(self._uncommitted_seconds)
        self._uncommitted_seconds = 0.0
        if self.engine.commit_audio():
            self._mapper.commits += 1
            self._settled.clear()
        else:
            await self._put(self._mapper.empty_commit())

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

    def _truncate(self, event: messages.TruncateItem) -> None:
        self._mapper.truncations.add(event.item_id)
        if not self.engine.truncate(event.item_id, event.audio_end_ms):
            self._mapper.truncations.discard(event.item_id)
            raise Refused(
                f"There is no response `{event.item_id}` whose audio could be truncated.",
                code="item_truncate_invalid_item_id",
                param="item_id",
            )

    async def _create_response(self, params: ResponseParams) -> None:
        items = await self._items.response_input(params, self._config)
        request = await self._choices.request(params, self._config, items)
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
                    self._uncommitted_seconds = 0.0
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
            await self._put([messages.RateLimits(rate_limits=[{**limit, **resets}])])

    async def _put(self, events: Iterable[ServerEvent]) -> None:
        for event in events:
            await self._events.put(event.wire())

    def _session(self) -> dict[str, Any]:
        """The session object."""
        return {
            **session_base(self.kind, f"sess_{self._caller.session_id}"),
            "expires_at": self._expires_at,
            **self._config.wire(),
        }
