"""What a caller with a wrong address probably meant."""

from __future__ import annotations

SOCKET_PATHS = frozenset(
    {
        "/ws/stt",
        "/ws/voice",
        "/ws/monitor",
        "/v1/realtime",
        "/v1/live/sessions",
        "/v2/listen",
    }
)
OPENAI_PATHS = (
    "/audio/transcriptions",
    "/audio/translations",
    "/audio/speech",
    "/audio/models",
    "/audio/voices",
    "/models",
)
"""Below `/v1`. A base URL without `/v1`, or with two of them, is an easy mistake."""
BETA_SESSIONS = ("/v1/realtime/sessions", "/v1/realtime/transcription_sessions")
"""Where the beta of the Realtime API made its secrets."""
LIVE_SESSIONS = "/v1/live/sessions/"
OPENAI_ELSEWHERE = ("/v1/chat/", "/v1/completions", "/v1/responses", "/v1/embeddings")


def nothing_at(path: str) -> str:
    """The message of a 404, with a hint where there is one."""
    if path in SOCKET_PATHS:
        return f"{path} takes WebSocket connections (`ws://` or `wss://`), not HTTP requests."
    return f"There is nothing at {path}.{hint(path)}"


def hint(path: str) -> str:
    """A sentence with a leading space, or nothing."""
    for known in OPENAI_PATHS:
        meant = f"/v1{known}"
        if path.rstrip("/").endswith(known) and path != meant:
            return f" Did you mean {meant}? The base URL ends in `/v1`."
    if path.rstrip("/") in BETA_SESSIONS:
        return (
            " It belongs to the beta of OpenAI's Realtime API, which is not supported: "
            "use POST /v1/realtime/client_secrets."
        )
    if path.startswith(LIVE_SESSIONS):
        return (
            " Of live sessions this server has the WebSocket /v1/live/sessions: no "
            "WebRTC, forks, sideband connections, recordings or SIP."
        )
    if path.startswith(OPENAI_ELSEWHERE):
        return " Of OpenAI's API, this server has audio, models, realtime and live sessions."
    return ""
