"""The process that starts sandboxes, alone."""

import fcntl
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.contract.test_functions_failures import spawners
from tests.house.sources import ROOT

from sluicegate.functions.places import Places
from sluicegate.functions.sandbox import Sandbox, is_readable
from sluicegate.functions.spawning import Spawner, SpawnFailed, Started
from sluicegate.serve.limits import allow_descriptors

LET_GO = """
import os
from sluicegate.functions.spawner import Spawner

spawner = Spawner()
pid = os.fork()
if pid == 0:
    os._exit(3)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
os.close(spawner._watch(pid, None))
spawner.reap()
print("goes on")
"""

TOLD_LAST = """
import os, signal
from sluicegate.functions.sandbox import is_readable
from sluicegate.functions.spawner import Spawner

def ended(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    spawner.reap()

spawner = Spawner()
outer, inside = (os.fork() or signal.pause() for _ in range(2))
told = spawner._watch(outer, None)
spawner._exits[outer].inside = inside
ended(outer)
print(is_readable(told, 0))
ended(inside)
print(os.read(told, 16))
"""


def test_it_goes_on_when_nobody_asks_how_a_sandbox_ended() -> None:
    # In a process of its own: it reaps whatever child there is.
    ended = subprocess.run(
        [sys.executable, "-c", LET_GO], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr) == ("goes on\n", "")


def test_it_tells_of_the_end_when_the_first_process_too_is_reaped() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", TOLD_LAST], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr) == ("False\nb'137'\n", "")


def test_all_of_a_group_is_ended_not_the_first_process_alone() -> None:
    release = [int(part) for part in os.uname().release.split(".")[:2]]
    if release < [6, 9]:
        pytest.skip("Linux before 6.9 signals no group by descriptor")
    first = subprocess.Popen(["sleep", "60"])
    leader = subprocess.Popen(
        ["sh", "-c", "sleep 60 & echo $!; wait"], start_new_session=True, stdout=subprocess.PIPE
    )
    assert leader.stdout is not None
    member = os.pidfd_open(int(leader.stdout.readline()))
    with socket.socket() as nothing, first, leader:
        descriptors = [os.pidfd_open(first.pid), os.pidfd_open(leader.pid), *os.pipe()]
        process, group, ended, go = descriptors
        started = Started(first.pid, nothing, nothing, process, ended, leader=group)
        Sandbox(started, -1, go, Places()).kill()
        assert is_readable(member, 10)
        for each in (*descriptors, member):
            os.close(each)
    assert (first.returncode, leader.returncode) == (-signal.SIGKILL, -signal.SIGKILL)


def test_one_that_does_not_answer_is_ended_and_its_answer_is_nobody_s() -> None:
    before = spawners()
    asked = Spawner(staged=False, uids=range(0), patience_seconds=2)
    try:
        (pid,) = spawners() - before
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(SpawnFailed, match="does not answer"):
            asked.show("/usr")
        assert not asked.is_alive
        assert not Path(f"/proc/{pid}").exists()
        with pytest.raises(SpawnFailed, match="is not asked"):
            asked.show("/usr")
    finally:
        asked.close()


def test_it_ends_quietly_when_nobody_reads_its_answer() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with subprocess.Popen(
        [sys.executable, "-m", "sluicegate.functions.spawner"],
        stdin=theirs.fileno(),
        stderr=subprocess.PIPE,
    ) as spawner:
        theirs.close()
        ours.send(json.dumps({"do": "nothing"}).encode())
        assert is_readable(ours.fileno(), 10)
        ours.close()
        assert spawner.stderr is not None and spawner.stderr.read() == b""
    assert spawner.returncode == 0


def test_a_sandbox_is_looked_at_however_many_descriptors_are_open() -> None:
    ended, told = os.pipe()
    # Many an ordinary user begins with a soft limit of 1,024.
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    allow_descriptors(1_200)
    high = fcntl.fcntl(ended, fcntl.F_DUPFD, 1_100)
    try:
        assert not is_readable(high, 0)
        os.close(told)
        assert is_readable(high, 0)
    finally:
        os.close(ended)
        os.close(high)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
