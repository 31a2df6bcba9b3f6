"""The WebSockets as the API page documents them."""

from __future__ import annotations

from chat_app.protocol.client import CLIENT_MESSAGES as TALK_CLIENT
from chat_app.protocol.extras import SERVER_MESSAGES as TALK_SERVER
from compat_app.deepgram.flux import messages as flux
from compat_app.deepgram.listen import messages as listen
from compat_app.deepgram.speak import messages as speak
from compat_app.realtime.live import client as live_client, server as live_server
from compat_app.realtime.shared import (
    conversation_messages as converse,
    messages as realtime,
)
from gateway_app.monitor.messages import History, Snapshot
from gateway_app.pages.message_docs import SocketDoc, message_docs
from stt_app.protocol.messages import CLIENT_MESSAGES, SERVER_MESSAGES

_DEEPGRAM_AUDIO = (
    "Audio as `encoding`, `sample_rate` and `channels` in the URL say; without "
    "`encoding`, WebM or Ogg with Opus, MP4 with AAC, or WAV. An empty frame ends the audio."
)

SOCKETS = (
    SocketDoc(
        path="/ws/stt",
        sentence="Live speech to text: the client sends audio and gets one transcript "
        "for each utterance. The URL may contain the fields of `configure`. To resume "
        "after a lost connection, it contains `resume` (a `resume_token`) and "
        "`audio_seconds`, the position at which the following audio begins.",
        audio="Mono audio, signed 16-bit little-endian at the rate that `ready` names "
        "unless `encoding` says otherwise; up to 64 KiB per frame. A sample may be "
        "split across frames.",
        client_messages=message_docs(CLIENT_MESSAGES),
        server_messages=message_docs(SERVER_MESSAGES),
    ),
    SocketDoc(
        path="/ws/voice",
        sentence="Spoken conversation with the language model, with the subprotocol "
        "`voice.v1`: see `docs/conversation.md`. The events are those of the OpenAI "
        "Realtime API, with audio as binary messages; `x.` marks further ones.",
        audio="From the client: mono audio, signed 16-bit little-endian, 16 kHz unless "
        "`session.update` says otherwise; best 20 to 40 ms per frame. From the server: a "
        "12-byte header, little-endian (version 1 in one byte, kind 1 in one byte, the "
        "clause in two, the response's number in four, the start in the reply in "
        "milliseconds in four), then the same samples at the voice's rate, which "
        "`x.output.clause` names.",
        client_messages=message_docs(TALK_CLIENT),
        server_messages=message_docs(TALK_SERVER),
    ),
    SocketDoc(
        path="/v1/realtime",
        sentence="The OpenAI Realtime API: see `docs/realtime.md`. `?model=` opens a "
        "conversation, `?intent=transcription` a session that only transcribes, which has "
        "no events of items and responses. Unknown fields are ignored.",
        audio="",
        client_messages=message_docs(
            (*realtime.CLIENT_MESSAGES, *converse.CLIENT_MESSAGES)
        ),
        server_messages=message_docs(
            (*realtime.SERVER_MESSAGES, *converse.SERVER_MESSAGES)
        ),
    ),
    SocketDoc(
        path="/v1/live/sessions",
        sentence="The OpenAI Live API: see `docs/live.md`. The first event is "
        "`session.start`. Unknown fields are refused.",
        audio="",
        client_messages=message_docs(live_client.CLIENT_MESSAGES),
        server_messages=message_docs(live_server.SERVER_MESSAGES),
    ),
    SocketDoc(
        path="/v1/listen",
        sentence="Live speech to text as Deepgram offers it; switched off by "
        "`deepgram_api`. The URL may contain `interim_results`, `endpointing`, "
        "`utterance_end_ms`, `vad_events`, `language`, `model` and `keyterm`.",
        audio=_DEEPGRAM_AUDIO,
        client_messages=message_docs(listen.CLIENT_MESSAGES),
        server_messages=message_docs(listen.SERVER_MESSAGES),
    ),
    SocketDoc(
        path="/v2/listen",
        sentence="Live speech to text in turns, as Deepgram Flux offers it; switched "
        "off by `deepgram_api`. The URL may contain `eot_threshold`, "
        "`eager_eot_threshold`, `eot_timeout_ms`, `keyterm` and `language_hint`.",
        audio=_DEEPGRAM_AUDIO,
        client_messages=message_docs(flux.CLIENT_MESSAGES),
        server_messages=message_docs(flux.SERVER_MESSAGES),
    ),
    SocketDoc(
        path="/v1/speak",
        sentence="Text to speech as Deepgram offers it; switched off by "
        "`deepgram_api`. The URL may contain `model`, `encoding`, `sample_rate` and "
        "`speed`. The server sends the audio as binary messages as it is made.",
        audio="From the server: samples in the encoding that the URL names, by default "
        "signed 16-bit little-endian at 24 kHz. The client sends none.",
        client_messages=message_docs(speak.CLIENT_MESSAGES),
        server_messages=message_docs(speak.SERVER_MESSAGES),
    ),
    SocketDoc(
        path="/ws/monitor",
        sentence="Live figures of every process, once a second. The client sends no messages.",
        audio="",
        client_messages=[],
        server_messages=message_docs((History, Snapshot)),
    ),
)
