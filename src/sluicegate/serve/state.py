"""The state folder: what is in it, who owns it, and its lock."""

import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import StartRefused
from ..settings import Settings

WAIT_SECONDS = 5.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The paths of everything that must survive."""

    path: Path

    @property
    def lock(self) -> Path:
        """Held by the one `serve` that owns the folder."""
        return self.path / "lock"

    @property
    def master_key(self) -> Path:
        """The 32 bytes every sealed value depends on."""
        return self.path / "master.key"

    @property
    def root_credentials(self) -> Path:
        """The root user's access key, in clear, 0600."""
        return self.path / "root-credentials.json"

    @property
    def database(self) -> Path:
        """The state proper."""
        return self.path / "sluicegate.db"

    @property
    def decisions(self) -> Path:
        """Recorded decisions."""
        return self.path / "decisions.db"

    @property
    def log_events(self) -> Path:
        """CloudWatch Logs' events."""
        return self.path / "log-events.db"

    @property
    def clusters(self) -> Path:
        """The brokers' data, a folder for each cluster."""
        return self.path / "clusters"

    @property
    def home(self) -> Path:
        """The folder's id, beside the data that clusters have here; it goes where they go."""
        return self.clusters / "home"

    @property
    def changes(self) -> Path:
        """What brokers look at to see that permissions have changed."""
        return self.path / "changes"

    @property
    def packages(self) -> Path:
        """Functions' deployment packages, as they were uploaded and unpacked."""
        return self.path / "packages"

    def files(self) -> Iterator[Path]:
        """All of these, and what SQLite keeps beside each of its own."""
        yield from (self.lock, self.master_key, self.root_credentials, self.home, self.changes)
        for database in (self.database, self.decisions, self.log_events):
            for ending in ("", "-wal", "-shm", "-journal"):
                yield database.with_name(database.name + ending)


def open_folder(settings: Settings) -> StateFolder:
    """The state folder, made with mode 0700 when it is not there."""
    folder = StateFolder(settings.state_folder)
    try:
        folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartRefused(
            f"state folder `{folder.path}` cannot be made: {error.strerror}"
        ) from None
    status = folder.path.stat()
    if status.st_uid != os.geteuid():
        raise StartRefused(f"state folder `{folder.path}` belongs to another user")
    if stat.S_IMODE(status.st_mode) & 0o077:
        folder.path.chmod(0o700)
    # From here on nobody else puts anything into it; before, others may have.
    for path in (folder.packages, folder.clusters):
        _refuse_planted(path, stat.S_ISDIR)
    for path in folder.files():
        _refuse_planted(path, stat.S_ISREG)
    return folder


def _refuse_planted(path: Path, is_as_made: Callable[[int], bool]) -> None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if not is_as_made(status.st_mode) or status.st_uid != os.geteuid():
        raise StartRefused(
            f"`{path}` is a link, or not of the user who starts serve; remove it, or name "
            "another folder with --state"
        )


def take_lock(folder: StateFolder) -> IO[str]:
    """The folder's lock, held until the file is closed or the process ends.

    A `serve` that was killed may leave its `api` child behind for a moment; it is waited for.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.fdopen(os.open(folder.lock, flags, 0o600), "r+")
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                raise StartRefused(
                    f"another `sluicegate serve` uses state folder `{folder.path}`; "
                    "stop it or name another folder with --state"
                ) from None
            time.sleep(_POLL_SECONDS)
        else:
            return file


def write_whole(path: Path, text: str) -> None:
    """Write a small file of the state folder, which nobody else may read."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    # Renamed, so that a kill on the way leaves no half of it.
    draft.rename(path)
