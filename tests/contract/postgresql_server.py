"""A real PostgreSQL server, on a socket in a folder of its own, for as long as needed."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

import psycopg
from psycopg import sql

# PostgreSQL refuses to run as root; then it runs as the user who owns nothing.
NOBODY = 65534


def programs() -> Path | None:
    """The folder with `initdb` and `pg_ctl`, or None where PostgreSQL is not installed."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return places[0].parent if places else None


class PostgresqlServer:
    """Started on entry, stopped and removed on exit."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # Short: the path of a socket has a limit of about a hundred characters.
        self._folder = Path(tempfile.mkdtemp(prefix="sluicegate-pg-"))
        self._environment = {
            "PGDATA": str(self._folder / "data"),
            "LC_ALL": "C.UTF-8",
            "PATH": os.environ["PATH"],
        }
        self._user = NOBODY if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(self._folder, self._user, self._user)

    def __enter__(self) -> "PostgresqlServer":
        self._run("initdb", "--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8")
        # Its input ends when this process does, however it does: no server is left behind.
        ending = f"read line; {self._programs}/pg_ctl stop --wait --mode=immediate; rm -rf {{}}"
        self._guard = subprocess.Popen(
            ["sh", "-c", ending.format(self._folder)],
            user=self._user,
            env=self._environment,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._guard.communicate(timeout=60)
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Return when it answers."""
        options = f"-k {self._folder} -c listen_addresses= -c fsync=off"
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "--wait", f"--options={options}", f"--log={log}")

    def stop(self) -> None:
        """At once, as if its machine had lost power; return when it is gone."""
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate")

    def create(self, name: str) -> str:
        """An empty schema, which is a database to whoever looks no further; its URL."""
        url = f"postgresql://postgres@/postgres?host={self._folder}"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        return f"{url}&options=-csearch_path%3D{name}"

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user is not None else None,
            env=self._environment,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=60,
        )
