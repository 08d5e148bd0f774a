"""Runs the hostile function in a pool of its own and prints what it got; see its test.

python -m tests.contract.hostile_run FOLDER ISOLATION
"""

import contextlib
import ctypes
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.contract.function_code import Rig, make_rig
from tests.contract.hostile_code import HOSTILE

SECRET = "a secret of the service"
_KEYCTL, _JOIN_SESSION_KEYRING = {"x86_64": 250, "aarch64": 219}, 1


def main() -> None:
    """Print a JSON object."""
    folder, isolation = Path(sys.argv[1]), sys.argv[2]
    os.environ["SERVICE_SECRET"] = SECRET
    have_a_keyring()
    rig = make_rig(folder, isolation=isolation)
    try:
        print(json.dumps({"level": rig.pool.isolation().level, "got": attack(rig)}))
    finally:
        rig.pool.close()


def have_a_keyring() -> None:
    """As who has logged in has one; the kernel tells of it in `/proc/keys`."""
    ctypes.CDLL(None).syscall(_KEYCTL[os.uname().machine], _JOIN_SESSION_KEYRING, None)
    assert Path("/proc/keys").read_text()


def attack(rig: Rig) -> Any:
    """What the hostile function got hold of."""
    victim = rig.function("import time\ndef handler(event, context): return 1")
    rig.answer(victim)
    secret = rig.folder / "secret"
    secret.write_text("x")
    with listeners(rig.folder) as addresses:
        event = {
            "files": [
                *(
                    "/etc/shadow",
                    "/etc/hostname",
                    *at_home(),
                    "/home",
                    "/var/lib",
                    "/sys",
                    "/boot",
                    "/dev/kmsg",
                ),
                *("/proc/1/environ", "/proc/1/cmdline", "/proc/1/fd/0"),
                *("/proc/kcore", "/proc/keys", "/dev/mem", "/dev/sda", "/run", "/srv", "/mnt"),
                *(str(secret), str(victim.code), str(victim.code / "handler.py")),
                *(f"/proc/1/root{secret}", str(Path(__file__).absolute())),
            ],
            "writable": [
                *("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/x"),
                *("/proc/sys/vm/overcommit_memory", "/proc/sysrq-trigger", "/usr/x", "/etc/x"),
                *("/var/task/x", "/var/runtime/x", "/var/lang/x", "/dev/x", "/dev/shm/x"),
                *("/opt/x", "/var/x", "/proc/1/oom_score_adj", "/proc/1/mem"),
                *("/etc/passwd", "/etc/hosts", "/var/lang/lib/python3.11/os.py"),
            ],
            "addresses": [*addresses, ["1.1.1.1", 53], ["169.254.169.254", 80]],
            "pids": [os.getpid(), os.getppid()],
            "secrets": [SECRET, str(rig.folder), "sluicegate.functions"],
        }
        return rig.answer(rig.function(HOSTILE), event)


def at_home() -> list[str]:
    """What this user keeps in its folder; an interpreter there may be, and is shown."""
    home = Path(os.path.expanduser("~"))
    prefix = Path(sys.base_prefix)
    return [str(each) for each in home.glob(".*") if not prefix.is_relative_to(each)]


@contextlib.contextmanager
def listeners(folder: Path) -> Iterator[list[Any]]:
    """Sockets of the host that answer whoever reaches them."""
    with contextlib.ExitStack() as open_now:
        found: list[Any] = []
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            for family, address in (
                (socket.AF_INET, ("127.0.0.1", 0)),
                (socket.AF_UNIX, str(folder / f"socket-{kind}")),
                (socket.AF_UNIX, f"\0sluicegate-test-{os.getpid()}-{kind}"),
            ):
                one = open_now.enter_context(socket.socket(family, kind))
                one.bind(address)
                if kind == socket.SOCK_STREAM:
                    one.listen()
                name = one.getsockname()
                is_abstract = isinstance(name, bytes)
                found.append("@" + name[1:].decode() if is_abstract else name)
        yield found


if __name__ == "__main__":
    main()
