"""The request of a call as the OpenAPI description shows it."""

from __future__ import annotations

from typing import Any

_OFFER = {"type": "string", "description": "The SDP offer of the peer connection."}
CALL_DOCS: dict[str, Any] = {
    "parameters": [
        {
            "name": "model",
            "in": "query",
            "required": False,
            "schema": {"type": "string"},
            "description": "A name of OpenAI's, or the model of this server.",
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/sdp": {"schema": _OFFER},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["sdp"],
                    "properties": {
                        "sdp": _OFFER,
                        "session": {
                            "type": "string",
                            "description": "JSON as in `session.update`.",
                        },
                    },
                }
            },
        },
    },
    "responses": {
        201: {
            "description": "The SDP answer. `Location` names the call.",
            "content": {"application/sdp": {"schema": {"type": "string"}}},
        }
    },
}
