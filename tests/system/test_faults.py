"""A full disk, a locked database: 503, reads go on, and it heals by itself."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .server import Server
from .test_serve import get
from .waiting import until


def status_of(call: Any, **parameters: Any) -> int:
    try:
        answer = call(**parameters)
    except ClientError as error:
        answer = error.response
    status: int = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of that size, mounted on a new folder."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small file system needs root")
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_refuses_writes_serves_reads_and_heals(tmp_path: Path) -> None:
    with small_disk(tmp_path, 24) as disk, Server(disk / "state") as server:
        iam = server.impatient("iam")
        iam.create_user(UserName="before")
        filler = disk / "filler"
        fill(filler)
        refused = [status_of(iam.create_user, UserName=f"full-{n}") for n in range(20)]
        # Room inside the database's own files takes a few more writes.
        assert set(refused) <= {200, 503} and refused[-1] == 503
        assert iam.get_user(UserName="before")
        assert get(server, "/health/live")[0] == 200
        assert get(server, "/health/ready") == (503, b'{"status": "degraded"}')
        filler.unlink()
        until(lambda: get(server, "/health/ready")[0] == 200, "ready again")
        iam.create_user(UserName="after")
        names = {user["UserName"] for user in iam.list_users()["Users"]}
        made = {f"full-{n}" for n, status in enumerate(refused) if status == 200}
        assert names == {"before", "after"} | made


def fill(path: Path) -> None:
    """Write until the file system is full."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (1 << 20, 1 << 12):
            while True:
                try:
                    os.write(descriptor, bytes(size))
                except OSError:
                    break
    finally:
        os.close(descriptor)


def test_a_locked_database_refuses_writes_after_a_wait_and_serves_reads(server: Server) -> None:
    iam = server.impatient("iam")
    iam.create_user(UserName="alice")
    with closing(sqlite3.connect(server.state / "sluicegate.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert status_of(iam.create_user, UserName="bob") == 503
        assert iam.get_user(UserName="alice")
        other.execute("ROLLBACK")
    assert status_of(iam.create_user, UserName="bob") == 200
    assert len(iam.list_users()["Users"]) == 2
