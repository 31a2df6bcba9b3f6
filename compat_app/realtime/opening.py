"""Opens the sessions of `/v1/realtime`: conversations, and transcription only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from chat_app.conversation.caller import Caller
from chat_app.core.ids import new_id
from chat_app.services import ConversationServices
from common.errors import Forbidden
from common.services import Services
from compat_app.realtime.conversation.opening import (
    choices_of,
    configured,
    open_conversation,
)
from compat_app.realtime.shared.conversation import ConversationChanges
from compat_app.realtime.shared.errors import Refused
from compat_app.realtime.shared.kinds import Kind, kind_of
from compat_app.realtime.shared.messages import ClientEvent
from compat_app.realtime.shared.session import SessionChanges
from compat_app.realtime.shared.session_object import session_base
from compat_app.realtime.token_session import Changes, session_of_token
from compat_app.realtime.transcription.session import Settings, TranscriptionSession
from gateway_app.access.principals import Principal
from gateway_app.services import gateway_services
from stt_app.services import ListeningServices, listening_services


class Session(Protocol):
    """A session of either kind."""

    kind: Kind

    def created(self) -> dict[str, Any]:
        """The first event."""

    def events(self) -> AsyncIterator[dict[str, Any]]:
        """Every event after the first one."""

    async def handle(self, event: ClientEvent) -> None:
        """Carry out an event of the client. Raises Refused."""

    def warn(self, seconds: float) -> None:
        """The session ends in this many seconds."""

    async def finish(self, reason: str) -> None:
        """Answer what has arrived, and return when every answer is sent."""

    async def close(self) -> None:
        """The connection has ended, or another session takes its place."""


def query_kind(scope: Mapping[str, Any], intent: str, model: str) -> Kind:
    """The kind of session that the query of an address asks for here."""
    services: Services = scope["state"]
    listening = services.get(ListeningServices)
    if services.get(ConversationServices) is None or listening is None:
        return Kind.TRANSCRIPTION
    aliases = gateway_services(scope).config.model_aliases
    return kind_of(intent, aliases.get(model, model), listening.listening.models)


class SessionOpener:
    """Opens the sessions of one connection, as its caller may have them here."""

    def __init__(
        self,
        scope: Mapping[str, Any],
        principal: Principal,
        client: str,
        session_id: str,
    ) -> None:
        self._scope = scope
        self._principal = principal
        self._client = client
        self._session_id = session_id
        services: Services = scope["state"]
        self._converses = services.get(ConversationServices) is not None
        self._token_session = session_of_token(principal)

    def kind(self, intent: str, model: str) -> Kind:
        """The kind that the client's token names, or else the query. A process without
        conversations always transcribes."""
        if self._token_session is not None and self._converses:
            return Kind(self._token_session.type)
        return query_kind(self._scope, intent, model)

    def check(self, kind: Kind, event_id: str | None) -> None:
        """Raises Refused for a kind of session that this caller cannot have here."""
        if kind is Kind.CONVERSATION and not self._converses:
            raise Refused(
                "This process holds no conversations: it only listens.",
                code="not_supported",
                param="session.type",
                event_id=event_id,
            )
        try:
            self._principal.must_have(kind.scope)
        except Forbidden as error:
            raise Refused(
                error.message,
                code=error.code,
                param="session.type",
                event_id=event_id,
            ) from error

    async def open(self, kind: Kind, model: str) -> Session:
        """The session that the connection begins with; `model` is that of the address.

        Raises Forbidden without the scope, UnknownModel, BadValue, QuotaExceeded, and
        Overloaded while transcripts come late.
        """
        return await self._opened(kind, model, self._token_session)

    async def open_other(self, kind: Kind) -> Session:
        """A session of another type in its place, with the default configuration. Raises
        as `open`."""
        return await self._opened(kind, "", None)

    async def preview(self, changes: Changes) -> dict[str, Any]:
        """The session object with these changes. Raises as `open`."""
        self._principal.must_have(Kind(changes.type).scope)
        if isinstance(changes, ConversationChanges):
            choices = choices_of(self._scope)
            config = await configured(choices, "", changes)
            await choices.options(config)
            return {**session_base(Kind.CONVERSATION, new_id("sess")), **config.wire()}
        settings = self._settings()
        heard = settings.initial("").updated(changes)
        settings.engine_model(heard)
        return {**session_base(Kind.TRANSCRIPTION, new_id("sess")), **heard.wire()}

    async def _opened(self, kind: Kind, model: str, changes: Changes | None) -> Session:
        self._principal.must_have(kind.scope)
        if kind is Kind.TRANSCRIPTION:
            chosen = changes if isinstance(changes, SessionChanges) else None
            return await self._transcription(model, chosen)
        caller = Caller(self._principal, self._client, self._session_id)
        return await open_conversation(
            choices_of(self._scope),
            caller,
            model=model,
            changes=changes if isinstance(changes, ConversationChanges) else None,
        )

    def _settings(self) -> Settings:
        listening = listening_services(self._scope).listening
        return Settings(gateway_services(self._scope).config, listening.models)

    async def _transcription(
        self, model: str, changes: SessionChanges | None
    ) -> TranscriptionSession:
        settings = self._settings()
        initial = settings.initial(model)
        if changes is not None:
            initial = initial.updated(changes)
        live = await listening_services(self._scope).listening.open_live(
            settings.options(initial),
            principal=self._principal,
            client=self._client,
            session_id=self._session_id,
            model=settings.engine_model(initial),
        )
        return TranscriptionSession(live, settings, initial)
