"""A process comes to its end, whatever hangs in it, and leaves no child behind."""

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
from common.last_resort import EXIT_CODE, LastResort


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=project_dir(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_ends_a_process_that_a_thread_would_keep_for_ever() -> None:
    done = run(
        """
        import concurrent.futures, threading
        from common.last_resort import LastResort

        def hang_here():
            threading.Event().wait()

        concurrent.futures.ThreadPoolExecutor().submit(hang_here)
        LastResort().within(0.5)
        """
    )
    assert done.returncode == EXIT_CODE
    assert "hang_here" in done.stderr


def test_it_leaves_a_process_alone_that_ends_by_itself() -> None:
    done = run(
        """
        from common.last_resort import LastResort
        LastResort().within(30)
        """
    )
    assert done.returncode == 0
    assert done.stderr == ""


def test_the_latest_time_counts() -> None:
    ended = threading.Event()
    resort = LastResort(ended.set)
    resort.within(600)
    resort.within(0.2)
    assert ended.wait(10)


def test_nothing_ends_before_it_is_asked_to() -> None:
    ended = threading.Event()
    resort = LastResort(ended.set)
    assert not ended.wait(0.3)
    resort.within(600)
    assert not ended.wait(0.3)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGSTOP")
@pytest.mark.parametrize("end", ["sys.exit()", "end_now()"])
def test_no_child_that_was_adopted_is_left_behind(end: str) -> None:
    done = run(
        f"""
        import os, signal, subprocess, sys
        from common.children import adopt
        from common.last_resort import end_now

        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1)
        os.kill(child.pid, signal.{signal.SIGSTOP.name})
        adopt(child)
        print(child.pid, flush=True)
        {end}
        """
    )
    pid = int(done.stdout)
    end_at = time.monotonic() + 5
    while psutil.pid_exists(pid) and time.monotonic() < end_at:
        time.sleep(0.05)
    assert not psutil.pid_exists(pid)
