"""Offers as they are before they are parsed."""

from __future__ import annotations

import pytest

from common.errors import BadValue
from compat_app.realtime.calls.offers import MOST_CANDIDATES, usable_offer

_HEAD = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0"]
_AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111"
_HOST = "a=candidate:1 1 udp 2113937151 192.168.1.7 50000 typ host"
_NAME = "a=candidate:2 1 udp 2113937151 0b7c-4e.local 50001 typ host"


def offer(*lines: str) -> str:
    return "\r\n".join([*_HEAD, *lines, ""])


def test_candidates_are_left_out_so_that_nobody_is_sent_packets_unasked() -> None:
    text = offer(_AUDIO, _HOST, _NAME, "a=end-of-candidates", "a=mid:0")
    assert usable_offer(text, with_candidates=False) == offer(_AUDIO, "a=mid:0")


def test_with_a_server_to_ask_only_names_are_left_out() -> None:
    text = offer(_AUDIO, _HOST, _NAME)
    assert usable_offer(text, with_candidates=True) == offer(_AUDIO, _HOST)


def test_bundled_media_are_told_by_their_mid() -> None:
    text = offer("a=group:BUNDLE 0", _AUDIO, "a=mid:0")
    assert usable_offer(text, with_candidates=False) == text


def test_lines_may_end_in_any_way() -> None:
    assert usable_offer("\n".join([*_HEAD, _AUDIO]), with_candidates=False) == offer(
        _AUDIO
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        '{"sdp": "v=0"}',
        offer(),
        offer("m=video 9 UDP/TLS/RTP/SAVPF 96"),
        offer(_AUDIO, _AUDIO),
        offer(*[_AUDIO, *["m=video 9 UDP/TLS/RTP/SAVPF 96"] * 4]),
        offer(_AUDIO, *["a=x"] * 1_000),
        offer(_AUDIO, *[_HOST] * (MOST_CANDIDATES + 1)),
        offer("a=group:BUNDLE 0 1", _AUDIO, "a=mid:0"),
    ],
)
def test_it_refuses_what_is_no_offer_of_a_call(text: str) -> None:
    with pytest.raises(BadValue) as error:
        usable_offer(text, with_candidates=True)
    assert error.value.field == "sdp"
