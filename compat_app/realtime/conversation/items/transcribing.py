"""Transcribes a piece of audio that a client has put into an item."""

from __future__ import annotations

from chat_app.core.ids import new_id
from compat_app.realtime.shared.joining import joined
from gateway_app.access.principals import Principal
from stt_app.core.events import UtteranceFailed, UtteranceTranscribed
from stt_app.core.session.options import Options
from stt_app.service import ListeningService


async def transcribe_audio(
    audio: bytes,
    listening: ListeningService,
    options: Options,
    model: str,
    *,
    principal: Principal,
    client: str,
) -> str:
    """Its text; empty without words. The audio is in the encoding of the options.

    Raises what a live session raises, and the error of an utterance that failed.
    """
    live = await listening.open_live(
        options,
        principal=principal,
        client=client,
        session_id=new_id("item"),
        model=model,
    )
    try:
        for start in range(0, len(audio), live.slice_bytes):
            live.feed(audio[start : start + live.slice_bytes])
            await live.wait_for_capacity()
        live.finish()
        texts = []
        async for event in live.events():
            if isinstance(event, UtteranceFailed):
                raise event.error
            if isinstance(event, UtteranceTranscribed):
                texts.append(event.text)
        return joined(texts)
    finally:
        await live.close()
