"""Runs a command where there are no namespaces: restricted by Landlock, or not at all.

What the kernel does for a namespace, a keeper does here: it adopts whatever the command leaves
behind, and when the command ends, or the service lets go of the lifeline, it ends all of it before
it ends itself. It is forked by the spawner and keeps its user, which as root is not the command's.
"""

import contextlib
import os
import resource
import select
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import control_groups, kernel, landlock
from .control_groups import ControlGroup
from .descriptors import FIRST_FREE, GO
from .forking import fork

_FILES = 1024
_AGAIN_SECONDS = 0.002


def keep(
    output: int,
    go: int,
    lifeline: int,
    told: Mapping[str, Any],
    program: bytes,
    group: ControlGroup | None,
) -> None:
    """Run the command of `told` and keep it; ends this process with the command's exit code."""
    _close_all_but({0, 1, 2, output, go, lifeline})
    kernel.adopt_orphans()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    has_group = group is not None
    command = fork(lambda: _run(output, go, told, program, has_group=has_group), group, told=output)
    for each in (output, go):
        os.close(each)
    code = 128 + signal.SIGKILL
    while True:
        ready = select.select([woken, lifeline], [], [])[0]
        if lifeline in ready:
            break
        os.read(woken, 4096)
        if (ended := _reaped(command)) is not None:
            code = ended
            break
    _end_all(told["uid"], group)
    os._exit(code)


def _close_all_but(kept: set[int]) -> None:
    # The control socket among the others: held here it would not end with the spawner.
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _run(output: int, go: int, told: Mapping[str, Any], program: bytes, *, has_group: bool) -> None:
    kernel.step_aside()
    uid = told["uid"]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if uid >= 0:
        # Of a user of ours it would count everything that user runs.
        processes = control_groups.processes(has_group=has_group)
        resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, number in ((nothing, 0), (output, 1), (output, 2), (go, GO)):
        os.dup2(descriptor, number)
    os.closerange(GO + 1, max(FIRST_FREE, resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
    kernel.no_new_privileges()
    own = f"/proc/{os.getpid()}"
    if told["confined"]:
        # While we may still open them all.
        readable = [*told["readable"], own]
        landlock.restrict(readable, told["writable"], told["listed"], told["ports"])
    if uid >= 0:
        kernel.drop_to(uid)
    os.chdir(told["folder"])
    if told["confined"]:
        # Without it a process could make itself namespaces, and change its root in them.
        kernel.load_filter(program)
    os.execve(told["command"][0], told["command"], told["environment"])  # noqa: S606


def _reaped(command: int) -> int | None:
    """Reap what has ended; the exit code of the command, as a shell tells it, if it is among it."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == command:
                code = os.waitstatus_to_exitcode(status)
                found = code if code >= 0 else 128 - code
    return found


def _end_all(uid: int, group: ControlGroup | None) -> None:
    """End every process below us: again and again, because they may fork while we look."""
    if group is not None:
        with contextlib.suppress(OSError):
            group.end()
    while True:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        left = _below(os.getpid())
        if not left:
            return
        if uid >= 0:
            _end_user(uid)
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        select.select([], [], [], _AGAIN_SECONDS)


def _end_user(uid: int) -> None:
    """Kill all of a user's processes at once, which only that user can ask for."""
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(OSError):
            kernel.drop_to(uid)
            os.kill(-1, signal.SIGKILL)
        os._exit(0)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _below(pid: int) -> list[int]:
    found: list[int] = []
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{each}/task").iterdir():
                children = list(map(int, (thread / "children").read_text().split()))
                found += children
                waiting += children
    return found
