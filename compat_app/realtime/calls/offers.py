"""Checks and trims the offers of clients before they are parsed."""

from __future__ import annotations

from common.errors import BadValue

MOST_LINES = 1_000
MOST_MEDIA = 4
MOST_CANDIDATES = 20
USUAL_MESSAGE_BYTES = 65_536
"""What a peer takes that names no limit (RFC 8841, section 6.1)."""
_MESSAGE_SIZE = "a=max-message-size:"
_END = "a=end-of-candidates"
_CANDIDATE = "a=candidate:"
_BUNDLE = "a=group:BUNDLE "
_MID = "a=mid:"


def usable_offer(sdp: str, *, with_candidates: bool) -> str:
    """The offer as it is parsed. Raises BadValue naming the field `sdp`.

    Without candidates the server sends packets only to addresses that sent it a valid
    connectivity check first; so it cannot be made to send them elsewhere. With them (they
    are needed to pass a NAT), names of multicast DNS are left out: nothing is asked of the
    local network.
    """
    lines = sdp.replace("\r\n", "\n").strip().split("\n")
    if not lines[0].startswith("v=0"):
        raise _bad("It must be an SDP offer, which begins with `v=0`")
    media = [line for line in lines if line.startswith("m=")]
    if len(lines) > MOST_LINES or len(media) > MOST_MEDIA:
        raise _bad(f"An offer may have {MOST_MEDIA} media and {MOST_LINES} lines")
    audio = [line for line in media if line.startswith("m=audio ")]
    if len(audio) != 1:
        raise _bad("An offer needs exactly one audio track")
    if unknown := _bundled_mids(lines) - _mids(lines):
        raise _bad(f"`a=group:BUNDLE` names {min(unknown)[:40]!r}, which no medium has")
    kept = [line for line in lines if line != _END and _is_kept(line, with_candidates)]
    if sum(line.startswith(_CANDIDATE) for line in kept) > MOST_CANDIDATES:
        raise _bad(f"An offer may have {MOST_CANDIDATES} candidates")
    return "\r\n".join([*kept, ""])


def largest_message(sdp: str) -> int:
    """Bytes of the largest message that the peer takes on a data channel; 0 is any."""
    for line in sdp.splitlines():
        size = line.removeprefix(_MESSAGE_SIZE)
        if size != line and size.isascii() and size.isdigit() and len(size) < 20:
            return int(size)
    return USUAL_MESSAGE_BYTES


def _bundled_mids(lines: list[str]) -> set[str]:
    """Those of the media that share a transport (RFC 9143)."""
    groups = [line for line in lines if line.startswith(_BUNDLE)]
    return {mid for line in groups for mid in line.removeprefix(_BUNDLE).split()}


def _mids(lines: list[str]) -> set[str]:
    return {line.removeprefix(_MID) for line in lines if line.startswith(_MID)}


def _is_kept(line: str, with_candidates: bool) -> bool:
    if not line.startswith(_CANDIDATE):
        return True
    address = line.split()[4:5]
    return with_candidates and bool(address) and not address[0].endswith(".local")


def _bad(why: str) -> BadValue:
    return BadValue(f"{why}.", field="sdp")
