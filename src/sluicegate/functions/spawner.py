"""The process that starts sandboxes: small, of one thread, started by exec, gone with the service.

    python -m sluicegate.functions.spawner        (standard input: the control socket)

One thread, because a sandbox dies with the *thread* that forked it, and because namespaces are
left and users changed per process. Its control socket is its lifeline: when the service is gone,
however it went, the socket ends, this process ends, and the kernel kills every sandbox.

It is asked one thing at a time: a message of JSON, descriptors beside it; it answers likewise.
"""

import array
import contextlib
import json
import os
import resource
import select
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import control_groups, kernel, plain
from .control_groups import ControlGroup, ControlGroups
from .descriptors import ARGUMENTS, BLOCK, FILTER, FIRST_FREE, GO, INFO, MOST_SENT, OUTPUT
from .forking import fork
from .stage import Stage

_MESSAGE_BYTES = 200_000
_START_SECONDS = 10.0


@dataclass(slots=True)
class _Started:
    """Where its end is told, its first process, its group; and its exit code, once it has one."""

    told: int
    inside: int
    group: ControlGroup | None
    code: int = -1

    def tell(self) -> None:
        """Nothing of it is left: who waits is told."""
        if self.group is not None:
            self.group.remove()
        # Who let go of a sandbox does not ask any more; the others are still there.
        with contextlib.suppress(BrokenPipeError):
            os.write(self.told, str(self.code).encode())
        os.close(self.told)


class Spawner:
    """What the messages do."""

    def __init__(self) -> None:
        self._stage: Stage | None = None
        self._groups: ControlGroups | None = None
        self._filter = b""
        # By process; then, while that one is left, by the first process of what it started.
        self._exits: dict[int, _Started] = {}
        self._last: dict[int, _Started] = {}

    def answer(self, told: Mapping[str, Any], sent: Sequence[int]) -> tuple[object, list[int]]:
        """The answer to a message, and the descriptors that go with it."""
        match told["do"]:
            case "prepare":
                return self._prepare(told), []
            case "show":
                return self._staged().show(told["path"], told["name"]), []
            case "slot":
                return self._staged().slot(), []
            case "fill":
                return self._staged().fill(told["slot"], told["shown"], told["path"]), []
            case "hide":
                self._staged().hide(told["path"])
            case "start":
                return self._start(told, sent)
            case "start_plain":
                return self._start_plain(told, sent)
            case _:
                raise ValueError("unknown message")
        return None, []

    def reap(self) -> None:
        """Tell of every sandbox that has ended how it ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if (ended := self._exits.pop(pid, None)) is not None:
                code = os.waitstatus_to_exitcode(status)
                ended.code = code if code >= 0 else 128 - code
                if _is_ours(ended.inside):
                    self._last[ended.inside] = ended
                else:
                    ended.tell()
            elif pid in self._last:
                self._last.pop(pid).tell()

    def close(self) -> None:
        """The folders of stage and groups go; the sandboxes go with this process."""
        if self._groups is not None:
            self._groups.close()
        if self._stage is not None:
            self._stage.close()

    def _prepare(self, told: Mapping[str, Any]) -> Mapping[str, str]:
        """Where the stage is, and what keeps sandboxes from groups of their own."""
        self._filter = bytes.fromhex(told["filter"])
        missing = ""
        try:
            self._groups = ControlGroups(
                control_groups.find(
                    Path("/proc/self/cgroup").read_text(), Path("/proc/self/mountinfo").read_text()
                )
            )
        except OSError as error:
            missing = str(error)
        if told["stage"]:
            self._stage = Stage(range(*told["uids"]))
        return {"stage": self._stage.path if self._stage else "", "without_groups": missing}

    def _group(self) -> ControlGroup | None:
        return self._groups.make() if self._groups is not None else None

    def _staged(self) -> Stage:
        if self._stage is None:
            raise ValueError("there is no stage")
        return self._stage

    def _start(self, told: Mapping[str, Any], sent: Sequence[int]) -> tuple[object, list[int]]:
        output, go = sent
        info, info_write = os.pipe()
        block, block_write = os.pipe()
        inherited = {
            1: output,
            OUTPUT: output,
            GO: go,
            INFO: info_write,
            BLOCK: block,
            ARGUMENTS: _held(_parted(told["arguments"])),
            FILTER: _held(self._filter),
        }
        group = self._group()
        try:
            # An empty environment: the one bubblewrap has can be read inside.
            pid = fork(lambda: _execute(inherited, told["uid"], told["command"]), group)
        finally:
            for each in {*inherited.values()} - {output, go}:
                os.close(each)
        ended = self._watch(pid, group)
        with _closing(info, block_write):
            try:
                inside = self._exits[pid].inside = _first_process(info)
                sockets = _listeners_inside(inside, told["uid"], told["ports"])
                # What all of it is ended by: its control group, else the leader of its processes.
                whole = os.pidfd_open(pid) if group is None else group.ender()
                return inside, [*sockets, os.pidfd_open(inside), ended, whole]
            except BaseException:
                os.close(ended)
                os.kill(pid, signal.SIGKILL)
                raise

    def _start_plain(
        self, told: Mapping[str, Any], sent: Sequence[int]
    ) -> tuple[object, list[int]]:
        output, go, lifeline = sent
        group = self._group()
        pid = fork(lambda: plain.keep(output, go, lifeline, told, self._filter, group))
        return pid, [os.pidfd_open(pid), self._watch(pid, group)]

    def _watch(self, pid: int, group: ControlGroup | None) -> int:
        ended, told = os.pipe()
        self._exits[pid] = _Started(told, pid, group)
        return ended


def main() -> None:
    """Answer until the control socket ends."""
    control = _arrange_descriptors()
    # A sandbox's first process outlives bubblewrap's own when both are killed at once.
    kernel.adopt_orphans()
    # As SIGCHLD is handled by a byte in a pipe, poll sees both.
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    spawner = Spawner()
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(woken, select.POLLIN)
    try:
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if woken in ready:
                os.read(woken, 4096)
                spawner.reap()
            if control.fileno() in ready and not _serve(control, spawner):
                return
    finally:
        spawner.close()


def _arrange_descriptors() -> socket.socket:
    """Keep the low numbers free of anything of ours: sandboxes are given them."""
    nothing = os.open(os.devnull, os.O_RDWR)
    control = os.dup(0)
    while control < FIRST_FREE:
        control = os.dup(control)
    for number in range(FIRST_FREE):
        if number != 2:
            os.dup2(nothing, number)
            os.set_inheritable(number, False)
    return socket.socket(fileno=control)


def _serve(control: socket.socket, spawner: Spawner) -> bool:
    """Answer one message; false when the service is gone."""
    space = socket.CMSG_SPACE(MOST_SENT * 4)
    try:
        told, beside, _, _ = control.recvmsg(_MESSAGE_BYTES, space, socket.MSG_CMSG_CLOEXEC)
    except ConnectionResetError:
        return False  # gone before it had read the last answer
    if not told:
        return False
    sent = [each for _, _, data in beside for each in array.array("i", data)]
    back: list[int] = []
    try:
        answer, back = spawner.answer(json.loads(told), sent)
        reply: dict[str, object] = {"answer": answer}
    except (OSError, ValueError, EOFError) as error:
        reply = {"error": f"{type(error).__name__}: {error}"}
    finally:
        for each in sent:
            os.close(each)
    try:
        socket.send_fds(control, [json.dumps(reply).encode()], back)
    except OSError:
        return False
    finally:
        for each in back:
            os.close(each)
    return True


def _is_ours(pid: int) -> bool:
    """Whether a child of that number is still to be reaped."""
    with contextlib.suppress(ChildProcessError):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return True
    return False


def _execute(inherited: Mapping[int, int], uid: int, command: Sequence[str]) -> None:
    kernel.step_aside()
    if uid >= 0:
        kernel.drop_to(uid)
    os.set_inheritable(0, True)
    for number, descriptor in inherited.items():
        os.dup2(descriptor, number)
    # Whatever is left above would be open inside.
    os.closerange(FIRST_FREE, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    os.execve(command[0], list(command), {})  # noqa: S606 - what this process is for


def _parted(arguments: Sequence[str]) -> bytes:
    """As bubblewrap reads them; whose text looks like two of them gets none."""
    if any("\0" in each for each in arguments):
        raise ValueError("an argument has a NUL")
    return "\0".join(arguments).encode() + b"\0"


def _held(data: bytes) -> int:
    """A descriptor that reads as `data`; a pipe would block beyond 64 KiB."""
    memory = os.memfd_create("held")
    os.write(memory, data)
    os.lseek(memory, 0, os.SEEK_SET)
    return memory


def _first_process(info: int) -> int:
    """The host's number of the sandbox's process 1, which waits until it is told to go on."""
    told = b""
    while b"}" not in told:
        if not select.select([info], [], [], _START_SECONDS)[0]:
            raise TimeoutError("the sandbox does not start")
        read = os.read(info, 4096)
        if not read:
            raise EOFError("the sandbox has ended")
        told += read
    return int(json.loads(told)["child-pid"])


def _listeners_inside(pid: int, uid: int, ports: Sequence[int]) -> list[int]:
    """Listening sockets in the sandbox's network: what it connects to, served from outside."""
    here, there = socket.socketpair()

    def send() -> None:
        if uid >= 0:
            # Its namespaces are to be entered as their owner.
            kernel.drop_to(uid)
        kernel.enter_network(pid)
        listeners = [kernel.listen(port) for port in ports]
        socket.send_fds(there, [b"1"], [each.fileno() for each in listeners])
        os._exit(0)

    with here, there:
        helper = fork(send)
        there.close()
        try:
            _, sockets, _, _ = socket.recv_fds(here, 1, len(ports), socket.MSG_CMSG_CLOEXEC)
        finally:
            os.waitpid(helper, 0)
    if len(sockets) != len(ports):
        raise ValueError("the sandbox's network cannot be entered")
    return sockets


class _closing:  # noqa: N801 - reads as a verb
    def __init__(self, *descriptors: int) -> None:
        self._descriptors = descriptors

    def __enter__(self) -> None:
        """Nothing is done yet."""

    def __exit__(self, *_: object) -> None:
        for each in self._descriptors:
            os.close(each)


if __name__ == "__main__":
    main()
