"""The network settings of calls."""

from __future__ import annotations

from common.config.compat import WebrtcSettings, port_range
from compat_app.realtime.calls.peers import Network


def network_of(settings: WebrtcSettings) -> Network:
    """Where packets may come from and go to."""
    return Network(
        addresses=tuple(settings.webrtc_addresses),
        announced=tuple(settings.webrtc_announced_addresses),
        ports=port_range(settings.webrtc_ports) or range(1),
        lost_seconds=settings.webrtc_lost_seconds,
        ice_servers=tuple(settings.webrtc_ice_servers),
        ice_username=settings.webrtc_ice_username,
        ice_password=settings.webrtc_ice_password,
    )
