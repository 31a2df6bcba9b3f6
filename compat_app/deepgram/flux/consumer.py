"""`WS /v2/listen`: live speech in, turns out."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel

from common.errors import BadRequest, VoiceError
from common.messages import encode, validate
from common.text_cleaning import clean_text
from compat_app.deepgram.audio_input import AudioInput
from compat_app.deepgram.errors import fatal_code
from compat_app.deepgram.flux import messages
from compat_app.deepgram.flux.query import FluxQuery, hinted_language
from compat_app.deepgram.flux.turns import TurnMapper
from compat_app.deepgram.listening_socket import ListeningSocket
from compat_app.deepgram.queries import OPTIONS, joined_terms, read_query
from stt_app.core.events import SessionEvent


class FluxConsumer(ListeningSocket):
    """One connection of `/v2/listen`."""

    family = messages.CLIENT_FAMILY
    takes_halves = True
    mapper: TurnMapper

    def __init__(self) -> None:
        super().__init__()
        self._sequence = 0
        self._keyterms: list[str] = []

    async def opened(self) -> None:
        query = read_query(self.scope["query_string"], FluxQuery)
        query.check_supported()
        self._keyterms = query.keyterm
        self.mapper = TurnMapper(
            self.session_id,
            query.turn_end(self.gateway.config),
            lambda: self.session.audio_seconds,
            tells_language=query.is_multilingual,
            hints=query.language_hint,
        )
        audio = AudioInput(query.stt_encoding, channels=1)
        await self.open_session(query.options(), audio, query.model)
        self.configured()

    def configured(self) -> None:
        turn_end = self.mapper.turn_end
        self.session.wait_for_silence(turn_end.silence_seconds, turn_end)

    def messages_of(self, event: SessionEvent) -> Iterable[BaseModel]:
        return self.mapper.map_event(event)

    def messages_due(self) -> Iterable[BaseModel]:
        return self.mapper.due()

    def numbered(self, message: BaseModel) -> BaseModel:
        number, self._sequence = self._sequence, self._sequence + 1
        return message.model_copy(update={"sequence_id": number})

    async def on_message(self, message: messages.ClientMessage) -> None:
        if isinstance(message, messages.Configure):
            await self.send_in_order([self._configure(message)])
        elif isinstance(message, messages.CloseStream):
            self.end_of_audio()
        elif self.mapper.speaking:
            self.session.flush()

    def encode_error(self, error: VoiceError) -> str:
        told, code = clean_text(error.message), fatal_code(error)
        return encode(self.numbered(messages.Error(code=code, description=told)))

    def _configure(self, message: messages.Configure) -> BaseModel:
        """Apply it all, or say why nothing was."""
        try:
            self._apply(message)
        except BadRequest as error:
            return messages.ConfigureFailure(
                request_id=self.session_id,
                code=fatal_code(error),
                description=clean_text(error.message),
            )
        return messages.ConfigureSuccess(
            request_id=self.session_id,
            thresholds=self.mapper.turn_end.thresholds,
            keyterms=self._keyterms,
            language_hints=list(self.mapper.hints) or None,
        )

    def _apply(self, message: messages.Configure) -> None:
        """Raises BadValue."""
        turn_end = self.mapper.turn_end
        if message.thresholds is not None:
            turn_end = turn_end.changed(message.thresholds)
        keyterms, hints = message.keyterms, message.language_hints
        if isinstance(keyterms, str):
            keyterms = [keyterms]
        chosen = {
            "hotwords": None if keyterms is None else joined_terms(keyterms) or "",
            "language": None if hints is None else hinted_language(hints),
        }
        options = validate(chosen, OPTIONS)
        self.mapper.turn_end = turn_end
        self.mapper.hints = self.mapper.hints if hints is None else hints
        self._keyterms = self._keyterms if keyterms is None else keyterms
        self.session.configure(options)
        self.configured()
