"""The spawner's stage: a folder of mounts that nobody but it and its sandboxes sees.

A sandbox runs as a user that may read no folder of the service, and bubblewrap opens what it binds
as that user. So the spawner, still itself, first binds interpreters, runtimes and code into a
folder of a mount namespace of its own. Nothing is copied, the host sees none of it, and the kernel
takes it down with the last process that sees it.

It is run by the spawner, which has one thread.
"""

import os
import tempfile
from pathlib import Path

from . import kernel
from .claims import claim

_PREFIX = "sluicegate-stage-"
_TMP = "/tmp"  # noqa: S108 - sandboxes' users must be able to walk there
_FILES = {
    "passwd": "root:x:0:0:root:/root:/sbin/nologin\n"
    "sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n",
    "group": "root:x:0:\nsbx_user1051:x:990:\n",
    "hosts": "127.0.0.1 localhost lambda\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "resolv.conf": "",
}


class Stage:
    """`OSError` where the host allows no mount namespace."""

    def __init__(self, uids: range) -> None:
        self._lock, self.path = _own_folder()
        self._number = 0
        _leave_host_mounts(uids)
        kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_SLAVE)
        kernel.mount("tmpfs", self.path, "tmpfs", data="mode=0711,size=16m")
        for name, text in _FILES.items():
            path = Path(self.path, name)
            path.write_text(text)
            path.chmod(0o644)
        # Laid over what no function may read.
        Path(self.path, "hidden").touch(mode=0)

    def show(self, source: str, name: str = "") -> str:
        """The place where `source` is now to be found, read-only; of that name, when it matters."""
        target = self._place(name)
        kernel.bind_read_only(source, target)
        return target

    def slot(self) -> str:
        """An empty folder to bind into a sandbox; what `fill` puts there later shows inside."""
        target = self._place()
        kernel.mount(target, target, flags=kernel.MS_BIND)
        # A sandbox's copy of this mount is its slave: mounts made here arrive there.
        kernel.mount("none", target, flags=kernel.MS_SHARED)
        return target

    def fill(self, slot: str, shown: str, source: str) -> str:
        """Let the sandbox that has `slot` see what `shown` shows, as read-only as there.

        `source` is shown first where `shown` is empty; the place is answered. Straight into the
        slot it would arrive before it is made read-only, and that does not arrive at all.
        """
        shown = shown or self.show(source)
        kernel.mount(shown, slot, flags=kernel.MS_BIND | kernel.MS_REC)
        return shown

    def hide(self, target: str) -> None:
        """Take one of these places away."""
        try:
            while os.path.ismount(target):
                kernel.unmount(target)
        finally:
            os.rmdir(target)

    def close(self) -> None:
        """Remove the folder, which is empty to everybody else."""
        kernel.unmount(self.path)
        os.rmdir(self.path)

    def _place(self, name: str = "") -> str:
        self._number += 1
        target = f"{self.path}/{name or self._number}"
        os.mkdir(target, 0o755)
        return target


def _own_folder() -> tuple[int, str]:
    """A new folder and the lock that says it is in use; those left by the dead are removed."""
    where = _TMP if os.access(_TMP, os.W_OK | os.X_OK) else tempfile.gettempdir()
    lock, made = claim(Path(where), _PREFIX, Path.rmdir)
    made.chmod(0o711)
    return lock, str(made)


def _leave_host_mounts(uids: range) -> None:
    """Enter a mount namespace of our own, in a user namespace of our own where that needs one."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        try:
            kernel.unshare(kernel.CLONE_NEWNS)
        except PermissionError:
            # Root in a container: it may map users of its own, and is root among them.
            _with_users_mapped(f"0 0 1\n{uids.start} {uids.start} {len(uids)}")
        return
    kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _with_users_mapped(lines: str) -> None:
    left, entered = os.pipe()
    # Maps are written from outside the namespace, by a process that stayed there.
    outside = os.fork()
    if outside == 0:
        os.close(entered)
        status = 1
        try:
            if os.read(left, 1):
                for name in ("uid_map", "gid_map"):
                    Path(f"/proc/{os.getppid()}/{name}").write_text(lines)
                status = 0
        finally:
            os._exit(status)
    os.close(left)
    try:
        kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
        os.write(entered, b"1")
    finally:
        os.close(entered)
        _, status = os.waitpid(outside, 0)
    if status:
        raise PermissionError("users cannot be mapped")
