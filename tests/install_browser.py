"""Finds a Chromium for the browser tests, or installs one: `python -m tests.install_browser`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_APT = ["apt-get", "-o", "DPkg::Lock::Timeout=120"]


def installed() -> str | None:
    """The path of a Chromium: $CHROMIUM, one on the PATH, or Playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        return named
    on_path = next(filter(None, map(shutil.which, _NAMES)), None)
    return on_path or _from_playwright()


def _from_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _install_playwright() -> None:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    subprocess.run(command, check=False, timeout=300)


def _install_debian() -> None:
    if not shutil.which("apt-get"):
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*sudo, *_APT, "update", "-qq"], check=False, timeout=300)
    install = [*sudo, *_APT, "install", "-y", "-qq", "chromium"]
    subprocess.run(install, check=False, timeout=900)


def main() -> int:
    for install in (_install_playwright, _install_debian):
        if installed():
            break
        install()
    found = installed()
    if found is None:
        sys.stderr.write("No Chromium: install one and name it in CHROMIUM.\n")
        return 1
    sys.stdout.write(f"Browser tests use {found}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
