"""The processes of a server, as the system lists them."""

from pathlib import Path

from .server import Server


def java(server: Server) -> set[int]:
    """The processes of Java that this server has started and that are there."""
    return _children(server, b"sluicegate.Launcher")


def java_of(server: Server, node: int) -> int:
    """The process of one node of the one cluster there is."""
    (pid,) = (
        pid for pid in java(server) if Path(f"/proc/{pid}/cwd").readlink().name == f"broker-{node}"
    )
    return pid


def workers(server: Server) -> set[int]:
    """The workers of this server."""
    return _children(server, b"sluicegate.serve.worker")


def _children(server: Server, name: bytes) -> set[int]:
    found = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            parent = int(status.read_text().split("PPid:")[1].split()[0])
            command = status.with_name("cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        if parent == server.process.pid and name in command:
            found.add(int(status.parent.name))
    return found


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
