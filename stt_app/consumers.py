"""`/ws/stt`: live speech in, text out."""

from __future__ import annotations

from stt_app.live_consumer import LiveConsumer
from stt_app.protocol.addresses import query_address
from stt_app.protocol.events import as_messages
from stt_app.protocol.messages import (
    CLIENT_FAMILY,
    ClientMessage,
    Close,
    Configure,
    Flush,
)
from stt_app.services import listening_services

_CLEAN_CODES = (1000, 1001, 1005)
"""Close codes of a client that has finished; after others it may reconnect."""


class SttConsumer(LiveConsumer):
    """One connection: passes audio and messages to its session, and sends the session's
    events."""

    family = CLIENT_FAMILY

    async def opened(self) -> None:
        address = query_address(self.scope["query_string"])
        self.live = await listening_services(self.scope).listening.open_live(
            address.options,
            principal=self.principal,
            client=self.client,
            session_id=self.session_id,
            resume=address.resume_point,
        )
        self.session_id = self.live.session_id
        self.pump(as_messages(self.live.events()))

    async def on_text(self, text: str) -> None:
        if text.strip() == "flush":
            await self.on_message(Flush())
        else:
            await super().on_text(text)

    async def on_message(self, message: ClientMessage) -> None:
        if isinstance(message, Configure):
            self.session.configure(message)
        elif isinstance(message, Flush):
            self.session.flush()
        elif isinstance(message, Close):
            self.session.finish()

    @property
    def may_return(self) -> bool:
        return not self.server_closed and self.close_code not in _CLEAN_CODES
