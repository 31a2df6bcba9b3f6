"""Sees where processes connect to, and gives them a home folder and a proxy that tell."""

from __future__ import annotations

import contextlib
import ipaddress
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from common.telemetry import SWITCHES
from tests.servers.http import Behaviour, Reply, Request, ScriptedServer

POLL_SECONDS = 0.02
# ONNX Runtime sends nothing where one of these says that it is being tested.
CI_VARIABLES = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "TF_BUILD")


class RefusingProxy(ScriptedServer):
    """An HTTP proxy that forwards nothing and remembers who was asked for.

    A connection to a maker's server is short and rare, so looking at sockets may miss
    it. Libraries that heed `HTTPS_PROXY` come here instead: every attempt is seen, and
    nothing leaves the machine even when a test fails.
    """

    def route(self, request: Request) -> Behaviour:
        return _refuse

    @property
    def targets(self) -> list[str]:
        return [request.path for request in self.requests]


async def _refuse(request: Request, reply: Reply) -> None:
    await reply.whole(502, "text/plain", b"this proxy forwards nothing")


def telling_environment(home: Path, proxy: RefusingProxy) -> dict[str, str]:
    """A process with it keeps all in `home`, goes out by `proxy`, and is not in CI."""
    folders = {
        "HOME": home,
        "XDG_CACHE_HOME": home / ".cache",
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_DATA_HOME": home / ".local/share",
        "XDG_STATE_HOME": home / ".local/state",
    }
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), proxy.url)
    return {
        **{name: str(folder) for name, folder in folders.items()},
        **proxies,
        "NO_PROXY": "127.0.0.1,localhost",
        **dict.fromkeys((*CI_VARIABLES, *SWITCHES), ""),
    }


def files_below(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(folder)) for path in found)


class SocketWatch:
    """Looks at the sockets of a process and of all its children until it is left."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._look_until_left, daemon=True)
        self.foreign: set[str] = set()
        """Addresses beyond this machine, with the command that had them."""
        self.looks = 0
        self.sockets = 0
        """How many were seen, over all looks."""

    def __enter__(self) -> SocketWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()

    def family(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]

    def _look_until_left(self) -> None:
        while not self._left.wait(POLL_SECONDS):
            with contextlib.suppress(psutil.Error):
                for process in self.family():
                    self._look_at(process)
            self.looks += 1

    def _look_at(self, process: psutil.Process) -> None:
        # A child may have ended since it was listed.
        with contextlib.suppress(psutil.Error):
            sockets = process.net_connections("inet")
            self.sockets += len(sockets)
            for address in foreign_addresses(sockets):
                self.foreign.add(f"{address} by {' '.join(process.cmdline())}")


def foreign_addresses(sockets: Iterable[Any]) -> list[str]:
    """Where they lead beyond this machine, and where they listen for others."""
    found = []
    for each in sockets:
        ends = [each.raddr, each.laddr if each.status == psutil.CONN_LISTEN else None]
        found += [f"{end.ip}:{end.port}" for end in ends if end and _is_foreign(end.ip)]
    return found


def _is_foreign(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    return not (getattr(ip, "ipv4_mapped", None) or ip).is_loopback
