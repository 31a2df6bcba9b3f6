"""`WS /v1/listen`: live speech in, results out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from pydantic import BaseModel

from common.errors import BadRequest, VoiceError
from common.messages import encode, validate
from compat_app.deepgram.audio_input import AudioInput
from compat_app.deepgram.listen import messages
from compat_app.deepgram.listen.query import LiveQuery
from compat_app.deepgram.listen.results import ResultMapper, error_message
from compat_app.deepgram.listening_socket import ListeningSocket
from compat_app.deepgram.models import model_info, model_uuid, now
from compat_app.deepgram.queries import OPTIONS, joined_terms, read_query
from stt_app.core.events import SessionClosed, SessionEvent


class ListenConsumer(ListeningSocket):
    """One connection of `/v1/listen`."""

    family = messages.CLIENT_FAMILY
    takes_halves = True
    mapper: ResultMapper

    async def opened(self) -> None:
        self._sha256 = hashlib.sha256()
        self._created = now()
        query = read_query(self.scope["query_string"], LiveQuery)
        query.check()
        self.mapper = ResultMapper(query, self.session_id, self._position)
        await self.open_session(
            query.options(self.gateway.config.deepgram_least_endpointing_ms),
            AudioInput(query.stt_encoding, query.channels),
            query.model,
        )

    def messages_of(self, event: SessionEvent) -> Iterable[BaseModel]:
        yield from self.mapper.map_event(event)
        if isinstance(event, SessionClosed):
            yield self._metadata(event)

    def messages_due(self) -> Iterable[BaseModel]:
        return self.mapper.due()

    def on_audio(self, frame: bytes) -> None:
        """Audio in the encoding and rate of the URL. Raises UnsupportedAudio."""
        self._sha256.update(frame)
        super().on_audio(frame)

    async def on_message(self, message: messages.ClientMessage) -> None:
        if isinstance(message, messages.Finalize):
            self.mapper.finalizing += 1
            self.session.flush()
        elif isinstance(message, messages.CloseStream):
            self.end_of_audio()
        elif isinstance(message, messages.Configure):
            await self.send_in_order([self._configured(message)])

    def encode_error(self, error: VoiceError) -> str:
        return encode(error_message(error))

    def _configured(self, message: messages.Configure) -> BaseModel:
        """Replace the key terms, or say why not."""
        keyterms = message.keyterms
        if keyterms is not None:
            try:
                hotwords = joined_terms(keyterms) or ""
                self.session.configure(validate({"hotwords": hotwords}, OPTIONS))
            except BadRequest as error:
                return messages.ConfigureFailure(
                    request_id=self.session_id,
                    code="CONFIGURE_KEYTERM_LIMIT_EXCEEDED",
                    description=error.message,
                )
        return messages.ConfigureSuccess(request_id=self.session_id, keyterms=keyterms)

    def _position(self) -> float:
        return self.session.audio_seconds

    def _metadata(self, event: SessionClosed) -> messages.Metadata:
        model = self.mapper.model
        uuid = model_uuid(model)
        return messages.Metadata(
            transaction_key=messages.NO_TRANSACTION,
            request_id=self.session_id,
            sha256=self._sha256.hexdigest(),
            created=self._created,
            duration=round(event.audio_seconds, 3),
            channels=self.audio.channels,
            models=[uuid],
            model_info={uuid: model_info(model)},
        )
