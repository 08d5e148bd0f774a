"""Control groups of sandboxes: what all of one weighs on the processor, and its end all at once.

Without one, a function that makes a thousand processes weighs as much as a thousand, or, where each
makes itself a session, as a thousand sessions. Two things are wanted of Linux, and both or none are
used: a share of the processor (version 2's `cpu`, or version 1's where the host has that), and
`cgroup.kill`, which no process of the group can outrun by forking or by leaving its session.

    <a group we may make others in>/sluicegate-XXXXXXXX/1, 2, ...        one for each sandbox

They stand beside the group this service is in, or in it: as root that may be done nearly anywhere,
as another user where a manager of groups delegates (systemd: `Delegate=yes`). Made, swept and
removed by the spawner.
"""

import contextlib
import os
import select
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import kernel
from .claims import claim

_PREFIX = "sluicegate-"
# All of a spawner's sandboxes against the service, its brokers among it: a third, which is what
# `kernel.step_aside` gives each where there are no groups. Usual are 100 and 1024.
_WEIGHTS = {"cpu.weight": 33, "cpu.shares": 341}
_EMPTY_MILLISECONDS = 2000
# AWS's. Where nothing holds them together, half of it: that many can be ended within half a second
# even if each is a session of its own, and weigh half as much until then.
_PROCESSES, _PROCESSES_WITHOUT = 1024, 512


def processes(*, has_group: bool) -> int:
    """How many processes and threads a sandbox may have."""
    return _PROCESSES if has_group else _PROCESSES_WITHOUT


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """One tree of groups: where it is mounted, and which group of it this process is in."""

    top: Path
    own: Path

    def candidates(self) -> list[Path]:
        """Where groups may stand: beside ours, as a group of version 2 with processes of its own
        shares nothing out among groups in it; else in ours."""
        return [self.own] if self.own == self.top else [self.own.parent, self.own]


class ControlGroup:
    """Of one sandbox: a folder in each hierarchy, the last one of version 2."""

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders

    def fork(self) -> int:
        """fork(2), the child in the group, and with it all that comes of it, once it has joined."""
        unified = os.open(self._folders[-1], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return kernel.fork_into(unified)
        finally:
            # By parent and child alike.
            os.close(unified)

    def join(self) -> None:
        """Said first by the child."""
        for folder in self._folders[:-1]:
            # Version 1. A thread that moves itself costs no more, a process ten milliseconds.
            (folder / "tasks").write_text("0")

    def ender(self) -> int:
        """A descriptor: whoever writes `1` to it ends all that is in the group."""
        return os.open(self._folders[-1] / "cgroup.kill", os.O_WRONLY | os.O_CLOEXEC)

    def end(self) -> None:
        """End all that is in it."""
        (self._folders[-1] / "cgroup.kill").write_text("1")

    def remove(self) -> None:
        """Remove it, if nothing is left in it; else it goes with all of them."""
        for folder in self._folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


class ControlGroups:
    """Those of one spawner's sandboxes, in `hierarchies` as `find` tells them.

    `OSError` where the host allows none, and why.
    """

    def __init__(self, hierarchies: Sequence[Hierarchy]) -> None:
        self._number = 0
        self._locks: list[int] = []
        self._folders: list[Path] = []
        try:
            for each in hierarchies:
                # The last one is version 2's, which ends groups.
                self._claim(each, with_cpu=each is hierarchies[0])
            self._try()
        except BaseException:
            self.close()
            raise

    def make(self) -> ControlGroup:
        """A group for a sandbox."""
        self._number += 1
        folders = [folder / str(self._number) for folder in self._folders]
        for folder in folders:
            folder.mkdir()
        return ControlGroup(folders)

    def close(self) -> None:
        """End whatever is in them, wait until it is gone, and remove them."""
        if self._folders:
            with contextlib.suppress(OSError):
                (self._folders[-1] / "cgroup.kill").write_text("1")
                _await_empty(self._folders[-1])
        for folder in self._folders:
            _remove(folder)
        for lock in self._locks:
            os.close(lock)
        self._folders, self._locks = [], []

    def _claim(self, hierarchy: Hierarchy, *, with_cpu: bool) -> None:
        why: list[str] = []
        for where in hierarchy.candidates():
            try:
                lock, folder = claim(where, _PREFIX, _remove)
            except OSError as error:
                why.append(f"none can be made in {where}: {error.strerror or error}")
                continue
            self._locks.append(lock)
            self._folders.append(folder)
            try:
                if with_cpu:
                    _share(where, folder)
            except OSError as error:
                why.append(f"none in {where} shares the processor: {error.strerror or error}")
                _remove(self._folders.pop())
                os.close(self._locks.pop())
                continue
            return
        raise OSError("; ".join(why))

    def _try(self) -> None:
        """Whether a process may go into one, and ends with it: found out by doing it."""
        group = self.make()
        pid = group.fork()
        if pid == 0:
            with contextlib.suppress(OSError):
                group.join()
                group.end()
                signal.pause()
            os._exit(1)
        _, status = os.waitpid(pid, 0)
        group.remove()
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            raise OSError(f"none in {self._folders[-1].parent} can be entered and ended")


def find(groups: str, mounts: str) -> list[Hierarchy]:
    """The hierarchy that shares out the processor, and the one that ends groups; often the same.

    `groups` reads as `/proc/PID/cgroup`, `mounts` as `/proc/PID/mountinfo`. `OSError` without both.
    """
    own = {
        controller: Path(path)
        for _, controllers, path in (line.split(":", 2) for line in groups.splitlines())
        for controller in controllers.split(",")
    }
    mounted = {name: (root, top) for name, root, top in _mounted(mounts) if name in own}
    if "" not in mounted:
        raise OSError("those of version 2 are not mounted")
    return [_hierarchy(own[name], *mounted[name]) for name in ("cpu", "") if name in mounted]


def _hierarchy(own: Path, root: Path, top: Path) -> Hierarchy:
    # A container may be shown a part of the tree, or be in a group it is not shown.
    return Hierarchy(top, top / own.relative_to(root) if own.is_relative_to(root) else top)


def _mounted(mounts: str) -> Iterator[tuple[str, Path, Path]]:
    """Which controller, "" for version 2, which group is mounted, and where."""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        root, top = map(Path, before.split()[3:5])
        kind, _, options = after.split(maxsplit=2)
        if kind == "cgroup2":
            yield "", root, top
        elif kind == "cgroup" and "cpu" in options.split(","):
            yield "cpu", root, top


def _share(where: Path, folder: Path) -> None:
    """Give the groups in `folder` their share of the processor among those in `where`."""
    file = _weight_file(folder)
    if file is None:
        # Version 2 shares out in a group what the group above is told to.
        (where / "cgroup.subtree_control").write_text("+cpu")
        file = _weight_file(folder)
    if file is None:
        raise OSError("there is no weight to set")
    file.write_text(str(_WEIGHTS[file.name]))
    if file.name == "cpu.weight":
        (folder / "cgroup.subtree_control").write_text("+cpu")


def _weight_file(folder: Path) -> Path | None:
    return next((folder / name for name in _WEIGHTS if (folder / name).exists()), None)


def _remove(folder: Path) -> None:
    """Groups are removed one by one; one with processes in it stays."""
    with contextlib.suppress(OSError):
        for group in folder.iterdir():
            if group.is_dir():
                group.rmdir()
        folder.rmdir()


def _await_empty(folder: Path) -> None:
    """Until no process is left in it or below, or so long."""
    with open(folder / "cgroup.events") as events:
        poll = select.poll()
        poll.register(events, select.POLLPRI)
        while "populated 1" in events.read():
            if not poll.poll(_EMPTY_MILLISECONDS):
                return
            events.seek(0)
