"""System calls Python has no name for, through libc. Used by the spawner, which has one thread."""

import contextlib
import ctypes
import os
import signal
import socket
import struct
from fcntl import ioctl

CLONE_NEWNS = 0x20000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
_CLONE_INTO_CGROUP = 0x200000000
# On every architecture: newer than their common table.
_SYS_CLONE3 = 435

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_NOATIME, MS_NODIRATIME, MS_BIND, MS_REC = 0x20, 0x400, 0x800, 0x1000, 0x4000
MS_SLAVE, MS_SHARED, MS_RELATIME = 0x80000, 0x100000, 0x200000
_MNT_DETACH = 2

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_SET_CHILD_SUBREAPER = 38, 22, 36
_PR_SET_PDEATHSIG = 1
_SECCOMP_MODE_FILTER = 2
_NS_GET_USERNS = 0xB701
_IP_FREEBIND = 15
# A third of what the service weighs.
_NICENESS = 5
_BACKLOG = 64

# A mount's flags that a remount inside a user namespace must repeat: it may not lift them.
_KEPT = (
    (os.ST_NOEXEC, MS_NOEXEC),
    (os.ST_NOATIME, MS_NOATIME),
    (os.ST_NODIRATIME, MS_NODIRATIME),
    (os.ST_RELATIME, MS_RELATIME),
)

_libc = ctypes.CDLL(None, use_errno=True)
_held = ctypes.PyDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags`."""
    _checked(_libc.unshare(flags), "unshare")


def fork_into(group: int) -> int:
    """fork(2), the child in the control group behind `group` from its first instant.

    A process that moves there waits for all others of the host to see it, ten milliseconds and
    more. Python's own handlers are called around it; glibc's are for processes of many threads, and
    what it remembers of its thread's number is the parent's: the child is to run a program soon.
    """
    # flags, pidfd, child_tid, parent_tid, exit_signal, five of no interest, cgroup
    told = (_CLONE_INTO_CGROUP, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, group)
    arguments = struct.pack("=11Q", *told)
    # Not through `_libc`: the interpreter is to stay ours meanwhile.
    python = ctypes.pythonapi
    python.PyOS_BeforeFork()
    pid = int(_held.syscall(_SYS_CLONE3, arguments, ctypes.c_size_t(len(arguments))))
    if pid == 0:
        python.PyOS_AfterFork_Child()
    else:
        number = ctypes.get_errno()
        python.PyOS_AfterFork_Parent()
        if pid < 0:
            raise OSError(number, os.strerror(number), "clone3")
    return pid


def setns(descriptor: int, kind: int) -> None:
    """Enter the namespace behind `descriptor`."""
    _checked(_libc.setns(descriptor, kind), "setns")


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2)."""
    arguments = (source.encode(), target.encode(), kind.encode() or None)
    _checked(
        _libc.mount(*arguments, ctypes.c_ulong(flags), data.encode() or None), f"mount {target}"
    )


def unmount(target: str) -> None:
    """Take a mount away now; who has it open keeps it until then."""
    _checked(_libc.umount2(target.encode(), _MNT_DETACH), f"unmount {target}")


def bind_read_only(source: str, target: str) -> None:
    """Show `source` at `target`, read-only, without devices and set-uid programs."""
    mount(source, target, flags=MS_BIND | MS_REC)
    # The first call ignores every other flag; only a remount of the bind takes them.
    flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV
    shown = os.statvfs(target).f_flag
    for told, flag in _KEPT:
        flags |= flag if shown & told else 0
    mount("none", target, flags=flags)


def drop_to(uid: int) -> None:
    """Become `uid` for good, in no other group."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def step_aside() -> None:
    """Weigh less than the service from here on, in a session, and a share of time, of our own.

    A thousand processes of one function otherwise keep whoever is to end them waiting for seconds.
    Linux shares time among sessions first where `sched_autogroup_enabled` says so, among processes
    by their niceness otherwise: both are told. A function that makes itself another session weighs
    there as anybody does.
    """
    os.setsid()
    os.nice(_NICENESS)
    # An ordinary user may tell it ten times a second; a sandbox that comes too soon goes without.
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as file:
        file.write(str(_NICENESS))


def no_new_privileges() -> None:
    """No program started from here gains rights by its set-uid bit."""
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def adopt_orphans() -> None:
    """Processes that lose their parent below this one become its children."""
    _checked(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def end_with_parent(signal_number: int) -> None:
    """Get `signal_number` when the parent is gone."""
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl")


def load_filter(program: bytes) -> None:
    """Load a seccomp filter into this process and what comes of it."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    buffer = ctypes.create_string_buffer(program, len(program))
    told = Program(len(program) // 8, ctypes.addressof(buffer))
    _checked(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(told), 0, 0), "filter")


def enter_network(pid: int) -> None:
    """Enter the network namespace of `pid`, through the user namespace that owns it."""
    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    owner = ioctl(network, _NS_GET_USERNS)
    setns(owner, CLONE_NEWUSER)
    setns(network, CLONE_NEWNET)


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1 of the network we are in, whether it is up yet or not."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(_BACKLOG)
    return listener
