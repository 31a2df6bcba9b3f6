"""Builds items of a conversation from those that clients send; audio in them is
transcribed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import replace

from chat_app.core.dialogue import Item
from chat_app.core.ids import new_id
from common.errors import QuotaExceeded, VoiceError
from compat_app.realtime.shared.conversation_parts import (
    Content,
    NewCall,
    NewMessage,
    NewOutput,
)
from compat_app.realtime.shared.errors import Refused

Transcribe = Callable[[bytes], Awaitable[str]]
"""The text of audio in the session's format."""


async def build_item(
    given: NewMessage | NewCall | NewOutput, transcribe: Transcribe
) -> Item:
    """The item, with a new id if the client gave none. Raises Refused."""
    item_id = given.id or new_id("item")
    if not isinstance(given, NewMessage):
        return replace(given.as_item(), id=item_id)
    texts = [await _text(each, transcribe) for each in given.content]
    text = "\n".join(filter(None, texts))
    return Item(item_id, given.role, text, is_spoken=given.is_spoken)


async def _text(content: Content, transcribe: Transcribe) -> str:
    if not (audio := content.unknown_audio):
        return content.words
    try:
        return await transcribe(base64.b64decode(audio, validate=True))
    except (binascii.Error, ValueError) as error:
        raise Refused("`audio` must be base64.", param="item.content") from error
    except QuotaExceeded:
        raise
    except VoiceError as error:  # the conversation goes on
        raise Refused(error.message, code=error.code, param="item.content") from error
