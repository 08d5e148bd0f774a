"""`sluicegate serve` where somebody, or something, has prepared the place it starts in."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from .processes import workers
from .server import Server
from .test_serve import get
from .waiting import until

SECRET = "kept/out+of/every/process/list/0123456789"


def refusal(state: Path) -> str:
    """What `serve` says when it does not start."""
    ended = subprocess.run(
        [sys.executable, "-m", "sluicegate.cli", "serve", "--state", str(state), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    return ended.stderr


@pytest.mark.parametrize(
    "name",
    [
        *("lock", "master.key", "root-credentials.json", "sluicegate.db", "sluicegate.db-wal"),
        *("decisions.db", "log-events.db-shm"),
    ],
)
def test_a_link_in_the_state_folder_leads_nowhere(tmp_path: Path, name: str) -> None:
    state, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    state.mkdir()
    elsewhere.mkdir()
    (state / name).symlink_to(elsewhere / name)
    assert f"`{state / name}` is a link" in refusal(state)
    assert list(elsewhere.iterdir()) == []


def test_a_lock_that_is_a_link_to_a_file_leaves_the_file_alone(tmp_path: Path) -> None:
    state, precious = tmp_path / "state", tmp_path / "precious"
    state.mkdir()
    precious.write_text("kept")
    (state / "lock").symlink_to(precious)
    assert f"`{state / 'lock'}` is a link" in refusal(state)
    assert precious.read_text() == "kept"


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server that has ended; others can be started on its state and port."""
    with Server(tmp_path_factory.mktemp("ended") / "state") as server:
        return server


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_it_serves_without_the_standard_streams(tmp_path: Path, ended: Server, closed: str) -> None:
    """A file opened while one is closed takes its number; the child would take it for its own."""
    wrapper = tmp_path / "wrapper"
    wrapper.write_text(f'#!/bin/sh\nexec "$@" {closed}\n')
    wrapper.chmod(0o755)
    command = [str(wrapper), sys.executable, "-m", "sluicegate.cli", "serve"]
    where = ["--state", str(ended.state), "--port", str(ended.port)]
    process = subprocess.Popen([*command, *where])
    try:
        until(lambda: is_live(ended), "an answer")
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0


def is_live(server: Server) -> bool:
    """Whether something answers on that server's port."""
    try:
        return get(server, "/health/live")[0] == 200
    except OSError:
        return False


def test_our_processes_can_open_more_than_connections_take(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with Server(tmp_path / "state") as server:
            assert most_open(server.api_pid()) >= min(hard, 4000 + 20_480)
            until(lambda: len(workers(server)) > 0, "a worker")
            needed = min(hard, 20_480)
            until(lambda: all(most_open(pid) >= needed for pid in workers(server)), "more")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def most_open(pid: int) -> int:
    """How many files a process may open."""
    limits = Path(f"/proc/{pid}/limits").read_text()
    (line,) = (line for line in limits.splitlines() if line.startswith("Max open files"))
    return int(line.split()[3])


def test_a_secret_in_the_environment_goes_no_further(tmp_path: Path) -> None:
    with Server(tmp_path / "state", SLUICEGATE_ROOT_CREDENTIALS=f"rig:{SECRET}") as server:
        for pid in (server.process.pid, server.api_pid()):
            assert SECRET.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
        assert SECRET.encode() not in Path(f"/proc/{server.api_pid()}/environ").read_bytes()
