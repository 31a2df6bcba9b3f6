"""What the two WebSockets of speech to text have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from compat_app.deepgram.audio_input import AudioInput
from compat_app.model_names import engine_model
from stt_app.core.events import SessionEvent
from stt_app.core.session.options import Options
from stt_app.live_consumer import LiveConsumer
from stt_app.services import listening_services


class ListeningSocket(LiveConsumer):
    """One live session, as one of those of `/ws/stt`.

    Subclasses open it with `open_session`, map its events in `messages_of`, and say in
    `messages_due` what depends on the position of the audio.
    """

    audio: AudioInput

    def __init__(self) -> None:
        super().__init__()
        self._order = asyncio.Lock()

    async def open_session(
        self, options: Options, audio: AudioInput, model: str
    ) -> None:
        """Open it with the model that this name means, and send its messages."""
        listening = listening_services(self.scope).listening
        self.audio = audio
        self.live = await listening.open_live(
            options,
            principal=self.principal,
            client=self.client,
            session_id=self.session_id,
            model=engine_model(model, listening.models, self.gateway.config),
        )
        self.connection.pump(self.live.events(), self._tell)

    def messages_of(self, event: SessionEvent) -> Iterable[BaseModel]:
        """The messages for an event."""
        raise NotImplementedError

    def messages_due(self) -> Iterable[BaseModel]:
        """The messages that the audio so far makes due."""
        return ()

    def configured(self) -> None:
        """The session has new options, over which a subclass may put its own."""

    def numbered(self, message: BaseModel) -> BaseModel:
        """The message as it is sent, in the order of sending."""
        return message

    async def send_in_order(self, messages: Iterable[BaseModel]) -> None:
        """Send them, after those that were made before."""
        async with self._order:
            for message in messages:
                await self.send_message(self.numbered(message))

    async def _tell(self, event: SessionEvent) -> None:
        await self.send_in_order(list(self.messages_of(event)))

    def on_audio(self, frame: bytes) -> None:
        """Audio in the encoding, rate and channels that the URL names.

        Raises UnsupportedAudio.
        """
        data = self.audio.push(frame)
        if self.audio.found is not None:
            self.session.configure(self.audio.found)
            self.configured()
        if data:
            self.session.feed(data)

    async def wait_for_capacity(self) -> None:
        await super().wait_for_capacity()
        if messages := list(self.messages_due()):
            await self.send_in_order(messages)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Pass Channels' messages on; an empty binary one ends the audio.

        Raises StopConsumer when the client has gone.
        """
        if _is_empty_frame(message):
            self.end_of_audio()
        await super().dispatch(message)

    def end_of_audio(self) -> None:
        """The client has sent everything: the rest follows, and the close."""
        if self.live is not None:
            self.live.finish()


def _is_empty_frame(message: dict[str, Any]) -> bool:
    """Whether the client sent an empty binary message."""
    if message["type"] != "websocket.receive":
        return False
    return message.get("text") is None and not message.get("bytes")
