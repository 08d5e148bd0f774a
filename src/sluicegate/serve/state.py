"""The state folder: who owns it, its lock, its keys, its databases."""

import fcntl
import json
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..access.keys import new_key_id, new_secret
from ..access.principals import RootKey
from ..errors import StartRefused
from ..settings import Settings
from ..vault import Vault, open_master_key

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
    return folder


def take_lock(folder: StateFolder) -> IO[str]:
    """The folder's lock, held until the file is closed or the process ends.

    A `serve` that was killed may leave its `api` child behind for a moment; it is waited for.
    """
    file = folder.lock.open("a+")
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


def open_vault(folder: StateFolder) -> Vault:
    """The vault of this state."""
    return open_master_key(folder.master_key)


def open_root_key(folder: StateFolder, settings: Settings) -> RootKey:
    """The root user's key: the one that is set, else the one kept in the folder (made once)."""
    if settings.root_credentials:
        access_key, _, secret = settings.root_credentials.partition(":")
        return RootKey(settings.account, access_key, secret)
    path = folder.root_credentials
    if not path.exists():
        _write_root_key(path, settings.account)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise StartRefused(f"`{path}` must have mode 0600")
    try:
        kept = json.loads(path.read_text())
        return RootKey(settings.account, kept["AccessKeyId"], kept["SecretAccessKey"])
    except (ValueError, KeyError, TypeError):
        raise StartRefused(f"`{path}` does not hold a root key; remove it for a new one") from None


def _write_root_key(path: Path, account: str) -> None:
    content = {"AccessKeyId": new_key_id("AKIA", account), "SecretAccessKey": new_secret()}
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    # Renamed, so that a kill on the way leaves no half key.
    draft.rename(path)
