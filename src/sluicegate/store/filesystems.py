"""Where a database file may live: on a disk of this machine.

SQLite's locks and its shared memory do not work over a network; two machines would corrupt the
file without any error. Several machines share PostgreSQL instead.
"""

from pathlib import Path

# fmt: off - a list of words reads better in lines than in a column
_NETWORK = frozenset(
    {
        "9p",
        "acfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "gfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs3",
        "nfs4",
        "ocfs2",
        "orangefs",
        "pvfs2",
        "smb2",
        "smb3",
        "smbfs",
    }
)
_NETWORK_FUSE = frozenset(
    {
        "ceph",
        "gcsfuse",
        "glusterfs",
        "goofys",
        "juicefs",
        "mount-s3",
        "rclone",
        "s3fs",
        "seaweedfs",
        "sshfs",
    }
)
# fmt: on
_MOUNTS = Path("/proc/self/mounts")


def mounts() -> str:
    """The kernel's table of mounts; empty where there is no such table."""
    return _MOUNTS.read_text(errors="surrogateescape") if _MOUNTS.exists() else ""


def network_file_system(path: Path, table: str) -> str | None:
    """The type of the network file system `path` is on by `table`, or None when it is local."""
    resolved = path.resolve()
    best, found = -1, ""
    for line in table.splitlines():
        _, point, kind, *_ = line.split(" ")
        place = Path(_unescaped(point))
        # `>=`: of two mounts on one point the later one is seen.
        if resolved.is_relative_to(place) and len(place.parts) >= best:
            best, found = len(place.parts), kind
    is_network = found in _NETWORK or found.removeprefix("fuse.") in _NETWORK_FUSE
    return found if is_network else None


def _unescaped(point: str) -> str:
    for code, letter in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(code, letter)
    return point
