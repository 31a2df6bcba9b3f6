"""Errors in the shape of the protocol that a path belongs to."""

from __future__ import annotations

from common.errors import TooLarge, VoiceError
from compat_app.openai.errors import OpenAiShape
from gateway_app.error_shapes import NATIVE, ErrorShapes
from voiceproject.server.request import plain_answer


class Other:
    def status(self, error: VoiceError) -> int:
        return 418

    def body(self, error: VoiceError, request_id: str | None) -> dict[str, str]:
        return {"said": error.message}


def test_the_longest_prefix_decides():
    openai, other = OpenAiShape(), Other()
    shapes = ErrorShapes({"/v1/": openai, "/v1/listen": other})
    assert shapes.of("/v1/models") is openai
    assert shapes.of("/v1/listen") is other
    assert shapes.of("/tts") is NATIVE


async def test_an_unknown_address_below_v1_answers_as_openai_does(client):
    answer = await client.get("/v1/nowhere")
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert answer.headers["x-request-id"]


def test_the_server_itself_answers_in_the_shape():
    answer = plain_answer(TooLarge("Too much."), Other())
    assert answer.startswith(b"HTTP/1.1 418 ")
    assert b'{"said": "Too much."}' in answer
    assert plain_answer(TooLarge("Too much.")).startswith(b"HTTP/1.1 413 ")
