"""Announces the port on the local network (mDNS), as Home Assistant looks for it."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

from zeroconf import InterfaceChoice, IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from common.product import SLUG, VERSION

SERVICE_TYPE = "_wyoming._tcp.local."
_MOST_NAME_CHARACTERS = 60
_MULTICAST = ("224.0.0.251", 5353)


class Announcement:
    """The entry of one port; it is there from `start` to `stop`."""

    def __init__(
        self,
        host: str,
        port: int,
        interfaces: InterfaceChoice | list[str] = InterfaceChoice.Default,
    ) -> None:
        """`host` is an address, or one that means all of them."""
        self._host = host
        self._port = port
        self._interfaces = interfaces
        self._zeroconf: AsyncZeroconf | None = None
        machine = socket.gethostname().split(".")[0]
        label = f"{SLUG}-{machine}"[:_MOST_NAME_CHARACTERS]
        self.name = f"{label}.{SERVICE_TYPE}"
        """How the entry is found; two machines have two names."""

    async def start(self) -> None:
        """Raises OSError without a network, or zeroconf's Error."""
        info = AsyncServiceInfo(
            SERVICE_TYPE,
            self.name,
            parsed_addresses=[await asyncio.to_thread(_address, self._host)],
            port=self._port,
            properties={"version": VERSION},
        )
        self._zeroconf = AsyncZeroconf(
            interfaces=self._interfaces, ip_version=IPVersion.V4Only
        )
        try:
            await self._zeroconf.async_register_service(info, allow_name_change=True)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Take the entry back. Safe to call twice, or without `start`."""
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is not None:
            await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()


def _address(host: str) -> str:
    """The address by which others on the network reach this machine."""
    found = socket.gethostbyname(host) if host not in ("", "::") else "0.0.0.0"  # noqa: S104
    if not ipaddress.ip_address(found).is_unspecified:
        return found
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Sends nothing: it only asks for the route.
        probe.connect(_MULTICAST)
        return str(probe.getsockname()[0])
