"""Offers as browsers write them, for one audio track and a data channel.

Written after what Firefox 140, Safari 18 and Chrome 140 send: which lines there are and in
which order, the payload types, and what is said once for the session. The secrets are made
up.
"""

from __future__ import annotations

from dataclasses import dataclass

FINGERPRINT = ":".join(f"{(17 * number) % 256:02X}" for number in range(32))
UFRAG, PASSWORD = "Qx7k", "f3mWcQ0s9r2kLp8yTbVnZ1aE"
_EXTENSIONS = "urn:ietf:params:rtp-hdrext:"
_GOOGLE = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
_TWCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"


@dataclass(frozen=True)
class BrowserOffer:
    """An offer, and what its answer must keep."""

    sdp: str
    opus: int
    """The payload type."""
    mids: tuple[str, str] = ("0", "1")


def _joined(*parts: str | list[str]) -> str:
    lines: list[str] = []
    for part in parts:
        lines += [part] if isinstance(part, str) else part
    return "\r\n".join([*lines, ""])


def _codecs(table: dict[int, str]) -> list[str]:
    return [f"a=rtpmap:{number} {name}" for number, name in table.items()]


def _secrets() -> list[str]:
    return [f"a=ice-ufrag:{UFRAG}", f"a=ice-pwd:{PASSWORD}"]


def _firefox() -> BrowserOffer:
    """Fingerprint and ICE options for the session; extensions with directions; its own
    order of the attributes; no limit of messages to speak of."""
    stream = "{3b5c1f0e-6d1a-4b52-9a77-0c2f6a1d8e90}"
    sdp = _joined(
        "v=0",
        "o=mozilla...THIS_IS_SDPARTA-99.0 6823914477201357714 0 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "a=group:BUNDLE 0 1",
        "a=ice-options:trickle",
        "a=msid-semantic:WMS *",
        "m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101",
        "c=IN IP4 0.0.0.0",
        "a=sendrecv",
        f"a=extmap:1 {_EXTENSIONS}ssrc-audio-level",
        f"a=extmap:2/recvonly {_EXTENSIONS}csrc-audio-level",
        f"a=extmap:3 {_EXTENSIONS}sdes:mid",
        "a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1",
        "a=fmtp:101 0-15",
        _secrets(),
        "a=mid:0",
        f"a=msid:{stream} {stream}",
        "a=rtcp-mux",
        _codecs({109: "opus/48000/2", 9: "G722/8000/1", 0: "PCMU/8000"}),
        _codecs({8: "PCMA/8000", 101: "telephone-event/8000"}),
        "a=setup:actpass",
        f"a=ssrc:2904471163 cname:{stream}",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=sendrecv",
        _secrets(),
        "a=mid:1",
        "a=setup:actpass",
        "a=sctp-port:5000",
        "a=max-message-size:1073741823",
    )
    return BrowserOffer(sdp, 109)


def _webkit(payloads: dict[int, str], features: list[str], tail: list[str]) -> str:
    stream, track = "9f0a4c1e-77d2", "1b7e2d90-5c3f"
    numbers = " ".join(map(str, payloads))
    transport = [
        "c=IN IP4 0.0.0.0",
        *_secrets(),
        "a=ice-options:trickle",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "a=setup:actpass",
    ]
    return _joined(
        ["v=0", "o=- 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0"],
        [
            "a=group:BUNDLE 0 1",
            "a=extmap-allow-mixed",
            f"a=msid-semantic: WMS {stream}",
        ],
        f"m=audio 9 UDP/TLS/RTP/SAVPF {numbers}",
        transport[0],
        "a=rtcp:9 IN IP4 0.0.0.0",
        transport[1:],
        "a=mid:0",
        f"a=extmap:1 {_EXTENSIONS}ssrc-audio-level",
        [f"a=extmap:2 {_GOOGLE}", f"a=extmap:3 {_TWCC}"],
        f"a=extmap:4 {_EXTENSIONS}sdes:mid",
        ["a=sendrecv", f"a=msid:{stream} {track}", "a=rtcp-mux", "a=rtcp-rsize"],
        _codecs(payloads),
        features,
        f"a=ssrc:1557912193 cname:{track}",
        f"a=ssrc:1557912193 msid:{stream} {track}",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        transport,
        ["a=mid:1", "a=sctp-port:5000", "a=max-message-size:262144"],
        tail,
    )


def _safari() -> BrowserOffer:
    """With redundant audio (RED) beside Opus, and a host candidate of its own."""
    payloads = {
        111: "opus/48000/2",
        63: "red/48000/2",
        9: "G722/8000",
        0: "PCMU/8000",
        8: "PCMA/8000",
        13: "CN/8000",
        110: "telephone-event/48000",
        126: "telephone-event/8000",
    }
    features = [
        "a=rtcp-fb:111 transport-cc",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=fmtp:63 111/111",
    ]
    host = "8f6f2a7d-0c1b-4a52-8d0e-1f2a3b4c5d6e.local"
    candidate = f"a=candidate:1 1 udp 2113937151 {host} 54321 typ host generation 0"
    return BrowserOffer(_webkit(payloads, features, [candidate]), 111)


def _old_safari() -> BrowserOffer:
    """Codecs that nobody has any more."""
    payloads = {
        111: "opus/48000/2",
        103: "ISAC/16000",
        102: "ILBC/8000",
        9: "G722/8000",
        0: "PCMU/8000",
        105: "CN/16000",
        110: "telephone-event/48000",
    }
    features = ["a=rtcp-fb:111 transport-cc", "a=fmtp:111 minptime=10;useinbandfec=1"]
    return BrowserOffer(_webkit(payloads, features, []), 111)


OFFERS = {"firefox": _firefox(), "safari": _safari(), "old safari": _old_safari()}
