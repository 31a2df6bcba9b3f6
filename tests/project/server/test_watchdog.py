"""A process that hangs at shutdown is ended, and no child outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import psutil
import pytest

from common.config import project_dir
from voiceproject.startup.watchdog import EXIT_CODE, ShutdownWatchdog


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=project_dir(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_ends_a_process_that_a_thread_blocks() -> None:
    done = run(
        """
        import concurrent.futures, threading
        from voiceproject.startup.watchdog import ShutdownWatchdog

        def hang_here():
            threading.Event().wait()

        concurrent.futures.ThreadPoolExecutor().submit(hang_here)
        ShutdownWatchdog().exit_within(0.5)
        """
    )
    assert done.returncode == EXIT_CODE
    assert "hang_here" in done.stderr


def test_it_does_nothing_when_the_process_exits_in_time() -> None:
    done = run(
        """
        from voiceproject.startup.watchdog import ShutdownWatchdog
        ShutdownWatchdog().exit_within(30)
        """
    )
    assert done.returncode == 0
    assert done.stderr == ""


def test_the_latest_limit_counts() -> None:
    ended = threading.Event()
    watchdog = ShutdownWatchdog(ended.set)
    watchdog.exit_within(600)
    watchdog.exit_within(0.2)
    assert ended.wait(10)


def test_it_does_nothing_before_the_limit() -> None:
    ended = threading.Event()
    watchdog = ShutdownWatchdog(ended.set)
    assert not ended.wait(0.3)
    watchdog.exit_within(600)
    assert not ended.wait(0.3)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGSTOP")
@pytest.mark.parametrize("end", ["sys.exit()", "exit_at_once()"])
def test_no_registered_child_outlives_the_process(end: str) -> None:
    done = run(
        f"""
        import os, signal, subprocess, sys
        from common.workers.child_processes import register
        from voiceproject.startup.watchdog import exit_at_once

        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1)
        os.kill(child.pid, signal.{signal.SIGSTOP.name})
        register(child)
        print(child.pid, flush=True)
        {end}
        """
    )
    pid = int(done.stdout)
    end_at = time.monotonic() + 20
    while psutil.pid_exists(pid) and time.monotonic() < end_at:
        time.sleep(0.05)
    assert not psutil.pid_exists(pid)
