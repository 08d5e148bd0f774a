"""How far function code can be kept apart on this host, found out by doing it.

What a kernel, a container or a distribution allows is not read from switches: a sandbox is started
as functions' will be, and either runs or does not.
"""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from ..errors import StartRefused
from . import bubblewrap
from .bubblewrap import Inside
from .landlock import SYSTEM
from .sandbox import is_readable
from .spawning import Spawner, SpawnFailed
from .users import Users

_PROBE_SECONDS = 10.0


class Level(StrEnum):
    """From the strongest down."""

    STRICT = "strict"
    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Isolation:
    """The level in force, and why each stronger one does not hold, as operators are shown it.

    `without_groups`: why sandboxes have no control groups; empty where they have.
    """

    level: Level
    missing: Sequence[str] = ()
    without_groups: str = ""


def establish(asked: str, users: Users, uids: range) -> tuple[Isolation, Callable[[], Spawner]]:
    """The strongest level that works (or the one that was asked for), and what starts spawners.

    `StartRefused` when what was asked for does not work, or nothing does: never lowered silently.
    """
    missing: list[str] = []
    why = ""
    for level in [Level(asked)] if asked else [each for each in Level if each is not Level.NONE]:
        spawn = partial(_SPAWN[level], uids)
        why, without_groups = _probe(level, spawn, users)
        if not why:
            return Isolation(level, missing, without_groups), spawn
        missing.append(f"{level}: {why}")
    if asked:
        raise StartRefused(f"setting `isolation` asks for what this host does not allow: {why}")
    raise StartRefused(
        f"function code cannot be kept apart on this host ({'; '.join(missing)}); "
        "set SLUICEGATE_ISOLATION=none to run it without isolation"
    )


def _with_stage(uids: range) -> Spawner:
    spawner = Spawner(staged=True, uids=uids)
    for folder in bubblewrap.folders():
        spawner.show(str(folder), folder.name)
    return spawner


def _without_stage(uids: range) -> Spawner:
    return Spawner(staged=False, uids=uids)


_SPAWN: dict[Level, Callable[[range], Spawner]] = {
    Level.STRICT: _with_stage,
    Level.NAMESPACES: _with_stage,
    Level.LANDLOCK: _without_stage,
    Level.NONE: _without_stage,
}


def _probe(level: Level, spawn: Callable[[], Spawner], users: Users) -> tuple[str, str]:
    """Why a sandbox does not run at that level, and why it has no control group; empty if not."""
    output, printed = os.pipe()
    try:
        spawner = spawn()
        try:
            _try(level, spawner, uid := users.take(), printed)
            users.give(uid)
            return "", spawner.without_groups
        finally:
            spawner.close()
    except (SpawnFailed, LookupError, OSError) as error:
        os.set_blocking(output, False)
        try:
            told = os.read(output, 4096).decode("utf-8", "replace").strip()
        except BlockingIOError:
            told = ""
        return told or str(error), ""
    finally:
        os.close(output)
        os.close(printed)


def _try(level: Level, spawner: Spawner, uid: int, printed: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    lifeline, held = os.pipe()
    try:
        if level in (Level.LANDLOCK, Level.NONE):
            order = {
                "uid": uid,
                "command": ["/bin/true"],
                "environment": {},
                "folder": "/usr",
                "confined": level is Level.LANDLOCK,
                "readable": SYSTEM,
                "writable": [],
                "listed": [],
                "ports": [],
            }
            _, process, ended = spawner.start_plain(order, (printed, nothing, lifeline))
        else:
            inside = Inside(spawner.slot(), 1, {}, ("/bin/true",), with_proc=level is Level.STRICT)
            command = bubblewrap.command(inside, spawner.stage, spawner.processes)
            arguments = bubblewrap.arguments(inside, spawner.stage)
            started = spawner.start(command, arguments, uid, printed, nothing)
            process, ended = started.process, started.ended
            started.runtime_api.close()
            started.endpoint.close()
            for each in (started.leader, started.ender):
                if each >= 0:
                    os.close(each)
        _await_good_end(process, ended)
    finally:
        for each in (nothing, lifeline, held):
            os.close(each)


def _await_good_end(process: int, ended: int) -> None:
    try:
        if not is_readable(ended, _PROBE_SECONDS):
            signal.pidfd_send_signal(process, signal.SIGKILL)
            raise SpawnFailed("a sandbox does not end")
        code = os.read(ended, 16)
        if code != b"0":
            raise SpawnFailed(f"a sandbox ended with {code.decode()}")
    finally:
        os.close(process)
        os.close(ended)
