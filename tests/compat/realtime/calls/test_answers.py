"""The answers to offers of browsers, and to hostile ones."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
from hypothesis import given, settings, strategies as st

from common.errors import BadValue
from compat_app.realtime.calls.media.peer import AiortcPeer
from compat_app.realtime.calls.offers import largest_message, usable_offer
from compat_app.realtime.calls.peers import Network
from compat_app.realtime.calls.playback import Playback
from tests.compat.realtime.calls.browser_offers import OFFERS, BrowserOffer

LOCAL = Network(addresses=["127.0.0.1"])
LONGEST_SECONDS = 2.0


class Nobody:
    """Listens to nothing."""

    def connected(self) -> None: ...
    def heard(self, pcm: bytes) -> None: ...
    def received(self, text: str) -> None: ...
    def lost(self) -> None: ...


async def answer(offer: str) -> str:
    """The answer of a peer that is closed again. Raises BadValue."""
    peer = AiortcPeer(LOCAL, Playback(lambda event: None), Nobody())
    try:
        return await peer.answer(usable_offer(offer, with_candidates=False))
    finally:
        await peer.close()


@pytest.mark.parametrize("offer", OFFERS.values(), ids=list(OFFERS))
async def test_an_offer_of_a_browser_is_answered(offer: BrowserOffer) -> None:
    sdp = await answer(offer.sdp)
    head, audio, channel = re.split(r"(?m)^(?=m=)", sdp)
    assert f"a=group:BUNDLE {' '.join(offer.mids)}" in head
    assert re.match(rf"m=audio \d+ UDP/TLS/RTP/SAVPF {offer.opus}\r\n", audio)
    assert f"a=rtpmap:{offer.opus} opus/48000/2" in audio
    assert "a=sendrecv" in audio
    assert "a=rtcp-mux" in audio
    assert "a=sctp-port:5000" in channel
    for part, mid in zip((audio, channel), offer.mids, strict=True):
        assert f"a=mid:{mid}\r\n" in part
        assert re.search(r"a=setup:(active|passive)\r\n", part)
        assert "a=fingerprint:sha-256 " in part


@pytest.mark.parametrize("offer", OFFERS.values(), ids=list(OFFERS))
async def test_a_peer_closes_after_an_offer_that_aiortc_stumbles_over(
    offer: BrowserOffer,
) -> None:
    """It takes the transport of the other media away, and then looks for it."""
    peer = AiortcPeer(LOCAL, Playback(lambda event: None), Nobody())
    with pytest.raises(BadValue):
        await peer.answer(offer.sdp.replace(f"a=mid:{offer.mids[0]}\r\n", ""))
    before = asyncio.all_tasks()
    await peer.close()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before


@pytest.mark.parametrize(
    ("line", "bytes_taken"),
    [
        ("a=max-message-size:1073741823", 1_073_741_823),
        ("a=max-message-size:262144", 262_144),
        ("a=max-message-size:0", 0),
        ("a=max-message-size:-5", 65_536),
        ("a=max-message-size:" + "9" * 5_000, 65_536),
        ("a=mid:1", 65_536),
    ],
)
def test_it_knows_the_largest_message(line: str, bytes_taken: int) -> None:
    assert largest_message(f"v=0\r\n{line}\r\n") == bytes_taken


NASTY = st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "a=",
        "m=",
        "m=audio",
        "m=audio 0 UDP/TLS/RTP/SAVPF",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "c=IN IP6 ::1",
        "a=mid:0",
        "a=mid:" + "x" * 5_000,
        "a=group:BUNDLE",
        "a=group:BUNDLE 0 1 2 3",
        "a=ice-lite",
        "a=ice-ufrag:",
        "a=ice-pwd:" + "p" * 9_000,
        "a=fingerprint:md5 00",
        "a=fingerprint:sha-256",
        "a=setup:holdconn",
        "a=setup:nonsense",
        "a=sctp-port:99999999",
        "a=sctp-port:-1",
        "a=sctpmap:x",
        "a=max-message-size:" + "9" * 400,
        "a=rtpmap:111",
        "a=rtpmap:999 opus/48000/2",
        "a=rtpmap:111 opus/0/0",
        "a=rtpmap:111 opus/48000/" + "9" * 50,
        "a=fmtp:111",
        "a=fmtp:111 " + ";" * 9_000,
        "a=fmtp:x y=z",
        "a=rtcp-fb:* nack",
        "a=rtcp:x",
        "a=extmap:300 urn:x",
        "a=extmap:x/y",
        "a=ssrc:",
        "a=ssrc:1 cname",
        "a=ssrc:99999999999999 cname:x",
        "a=ssrc-group:FID",
        "a=msid:",
        "a=candidate:",
        "a=candidate:1 1 udp x 127.0.0.1 y typ host",
        "a=inactive",
        "a=recvonly",
        "a=\N{PILE OF POO}",
    ]
)
CHANGE = st.tuples(
    st.sampled_from(["insert", "replace", "remove", "double", "cut"]),
    st.integers(0, 60),
    NASTY | st.text(max_size=60),
)


def changed(sdp: str, changes: list[tuple[str, int, str]]) -> str:
    lines = sdp.split("\r\n")
    for how, where, text in changes:
        at = where % len(lines)
        match how:
            case "insert":
                lines.insert(at, text)
            case "replace":
                lines[at] = text
            case "remove":
                lines.pop(at)
            case "double":
                lines.insert(at, lines[at])
            case "cut":
                lines[at] = lines[at][: len(lines[at]) // 2]
        lines = lines or [""]
    return "\r\n".join(lines)


@settings(max_examples=120, deadline=None)
@given(
    offer=st.sampled_from(list(OFFERS.values())),
    changes=st.lists(CHANGE, min_size=1, max_size=4),
)
def test_a_hostile_offer_is_answered_or_refused_at_once(
    offer: BrowserOffer, changes: list[tuple[str, int, str]]
) -> None:
    sdp = changed(offer.sdp, changes)
    began = time.monotonic()

    async def attempt() -> str:
        before = asyncio.all_tasks()
        try:
            return await answer(sdp)
        except BadValue as error:
            assert error.field == "sdp"
            return ""
        finally:
            await asyncio.sleep(0)
            assert asyncio.all_tasks() - before == set(), "work is left behind"

    sdp_answer = asyncio.run(attempt())
    assert time.monotonic() - began < LONGEST_SECONDS
    if sdp_answer:
        assert sdp_answer.startswith("v=0")
        assert "m=audio" in sdp_answer


async def test_a_long_offer_does_not_hold_the_loop() -> None:
    """As many lines as are allowed, each long, and of the kind that costs most."""
    lines = [f"a=fmtp:{number % 128} {'a=1;' * 100}" for number in range(900)]
    offer = OFFERS["firefox"].sdp.replace(
        "a=setup", "\r\n".join([*lines, "a=setup"]), 1
    )
    began = time.monotonic()
    with pytest.raises(BadValue):
        await answer(offer + "a=x\r\n" * 200)
    try:
        await answer(offer)
    except BadValue:
        pass
    assert time.monotonic() - began < LONGEST_SECONDS
