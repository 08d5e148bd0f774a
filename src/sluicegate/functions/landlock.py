"""Landlock: a process gives up, for good, what it is not going to need of files and network."""

import ctypes
import os
import stat
import struct
from collections.abc import Sequence

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_ASK_VERSION = 1
_BENEATH, _PORT = 1, 2
# Since this version it knows of TCP ports; without them the host's services would be in reach.
_LEAST_VERSION = 4

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE, _DEVICE_CONTROL = 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _DEVICE_CONTROL
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_CONNECT = 2
_BIND_AND_CONNECT = 3
_ABSTRACT_SOCKETS_AND_SIGNALS = 3

# Of the system, what programs read.
SYSTEM = (
    *("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ssl", "/etc/ld.so.cache"),
    *("/etc/localtime", "/etc/passwd", "/etc/group", "/etc/hosts", "/etc/nsswitch.conf"),
    *("/dev/urandom", "/dev/random", "/dev/zero"),
)

_libc = ctypes.CDLL(None, use_errno=True)


def restrict(
    readable: Sequence[str], writable: Sequence[str], listed: Sequence[str], ports: Sequence[int]
) -> None:
    """Keep to these paths (`listed`: their names only) and to TCP connections to these ports.

    `OSError` where the kernel has no Landlock, or too old a one.
    """
    version = _call(_CREATE, None, 0, _ASK_VERSION)
    if version < _LEAST_VERSION:
        raise OSError(f"Landlock here is of version {version}, {_LEAST_VERSION} is needed")
    handled = (1 << 15) - 1 if version < 5 else (1 << 16) - 1
    scoped = _ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0
    attributes = struct.pack("=QQQ", handled, _BIND_AND_CONNECT, scoped)
    # A kernel takes no bytes it does not know.
    rules = _call(_CREATE, attributes[: 24 if version >= 6 else 16], 24 if version >= 6 else 16, 0)
    for paths, rights in ((readable, _READ), (writable, handled), (listed, _READ_DIR)):
        for path in paths:
            _allow(rules, path, rights & handled)
    for port in ports:
        _call(_ADD, rules, _PORT, struct.pack("=QQ", _CONNECT, port), 0)
    _call(_RESTRICT, rules, 0)
    os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # not on this host
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= _OF_FILES
        _call(_ADD, rules, _BENEATH, struct.pack("=Qi", rights, opened), 0)
    finally:
        os.close(opened)


def _call(number: int, *arguments: bytes | int | None) -> int:
    result: int = _libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), "landlock")
    return result
