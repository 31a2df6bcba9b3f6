"""The WebSockets as the API page documents them."""

from __future__ import annotations

from gateway_app.monitor.messages import History, Snapshot
from gateway_app.pages.message_docs import SocketDoc, message_docs
from stt_app.protocol.messages import CLIENT_MESSAGES, SERVER_MESSAGES

SOCKETS = (
    SocketDoc(
        path="/ws/stt",
        sentence="Live speech to text: audio goes in, one transcript comes out "
        "for each utterance. The fields of `configure` may also stand in the address, "
        "and so may `resume` (a `resume_token`) with `audio_seconds`, where the audio "
        "that follows begins, to go on after a lost connection.",
        audio="Mono audio, signed 16-bit little-endian at the rate that `ready` names "
        "unless `encoding` says otherwise; up to 64 KiB a frame, and a sample may be "
        "split across frames.",
        client_messages=message_docs(CLIENT_MESSAGES),
        server_messages=message_docs(SERVER_MESSAGES),
    ),
    SocketDoc(
        path="/ws/monitor",
        sentence="Live figures of every process, once a second; it takes no messages.",
        audio="",
        client_messages=[],
        server_messages=message_docs((History, Snapshot)),
    ),
)
