"""Opens a Live session for one caller."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

from chat_app.conversation.caller import Caller
from chat_app.conversation.options import ConversationOptions
from common.errors import BadRequest
from compat_app.model_names import UnknownModel
from compat_app.realtime.conversation.choices import Choices
from compat_app.realtime.live.configuration import SessionConfig
from compat_app.realtime.live.conversation import LiveConversation, Terms
from compat_app.realtime.shared.errors import Refused
from compat_app.realtime.shared.session import AudioFormat

AHEAD_SECONDS = 0.3
"""How far audio is sent ahead of the client's loudspeaker. The API has no event that
makes a client drop audio, so an interruption takes effect this much later."""
_LONGEST_SECONDS = 1e9
_OF_BACKEND = ("tools", "tool_choice", "max_output_tokens")


async def open_live(
    choices: Choices, caller: Caller, config: SessionConfig
) -> LiveConversation:
    """A session with that configuration.

    Raises Refused, QuotaExceeded, and Overloaded while transcripts come late.
    """
    options = await live_options(choices, config)
    await choices.conversations.not_warm(options)
    engine = await choices.conversations.open(
        options, caller, rate_hz=config.format.rate
    )
    lasts = min(choices.config.realtime_session_seconds, _LONGEST_SECONDS)
    terms = Terms(f"live_{caller.session_id}", int(time.time() + lasts))
    return LiveConversation(engine, config, terms, partial(live_options, choices))


async def live_options(choices: Choices, config: SessionConfig) -> ConversationOptions:
    """The options of the conversation. Raises Refused, which names the field."""
    try:
        return await _options(choices, config)
    except (BadRequest, UnknownModel) as error:
        param = error.field and _place_of(error.field, config)
        raise Refused(error.message, code=error.code, param=param) from error


def _place_of(field: str, config: SessionConfig) -> str:
    """Where the configuration has a field of the Realtime API."""
    name = field.removeprefix("session.")
    is_of_backend = name in _OF_BACKEND or (name == "model" and config.backend.model)
    return (
        f"session.delegation.responses.{name}" if is_of_backend else f"session.{name}"
    )


async def _options(choices: Choices, config: SessionConfig) -> ConversationOptions:
    backend = config.backend
    initial = await choices.initial(backend.model or config.model)
    heard = replace(
        initial.hearing,
        format=AudioFormat(type=config.format.type, rate=config.format.rate),
    )
    told = [text for text in (config.instructions, backend.instructions) if text]
    wanted = replace(
        initial,
        hearing=heard,
        instructions="\n\n".join(told) or initial.instructions,
        voice=config.voice or initial.voice,
        max_output_tokens=backend.max_output_tokens,
        tools=tuple(backend.tools or ()),
        tool_choice=backend.tool_choice or initial.tool_choice,
    )
    options = replace(await choices.options(wanted), ahead_seconds=AHEAD_SECONDS)
    return options.with_turns(replies=not config.client_answers)
