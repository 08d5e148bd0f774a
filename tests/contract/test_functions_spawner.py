"""The process that starts sandboxes, alone."""

import fcntl
import os
import subprocess
import sys

from tests.house.sources import ROOT

from sluicegate.functions.sandbox import is_readable

LET_GO = """
import os
from sluicegate.functions.spawner import Spawner

spawner = Spawner()
read, told = os.pipe()
os.close(read)
pid = os.fork()
if pid == 0:
    os._exit(3)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
spawner._exits[pid] = told
spawner.reap()
print("goes on")
"""


def test_it_goes_on_when_nobody_asks_how_a_sandbox_ended() -> None:
    # In a process of its own: it reaps whatever child there is.
    ended = subprocess.run(
        [sys.executable, "-c", LET_GO], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr) == ("goes on\n", "")


def test_a_sandbox_is_looked_at_however_many_descriptors_are_open() -> None:
    ended, told = os.pipe()
    high = fcntl.fcntl(ended, fcntl.F_DUPFD, 1_100)
    try:
        assert not is_readable(high, 0)
        os.close(told)
        assert is_readable(high, 0)
    finally:
        os.close(ended)
        os.close(high)
