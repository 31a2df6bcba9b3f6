"""The WebSockets as the API page documents them."""

from __future__ import annotations

from compat_app.realtime import messages as realtime
from gateway_app.monitor.messages import History, Snapshot
from gateway_app.pages.message_docs import SocketDoc, message_docs
from stt_app.protocol.messages import CLIENT_MESSAGES, SERVER_MESSAGES

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
        path="/v1/realtime",
        sentence="The OpenAI Realtime API, for transcription: see `docs/realtime.md`. "
        "The URL may contain `intent=transcription` and `model`. Unknown fields are ignored.",
        audio="",
        client_messages=message_docs(realtime.CLIENT_MESSAGES),
        server_messages=message_docs(realtime.SERVER_MESSAGES),
    ),
    SocketDoc(
        path="/ws/monitor",
        sentence="Live figures of every process, once a second. The client sends no messages.",
        audio="",
        client_messages=[],
        server_messages=message_docs((History, Snapshot)),
    ),
)
