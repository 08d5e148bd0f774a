"""Control groups of sandboxes, where this host allows them: one each, and nothing left of them."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.function_code import Rig, eventually, make_rig
from tests.contract.test_functions_failures import below, spawners

from sluicegate.functions import control_groups
from sluicegate.functions.pool import Limits
from sluicegate.functions.spawning import Spawner


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A pool whose sandboxes have control groups."""
    made = make_rig(tmp_path, limits=Limits(ahead=0))
    if why := made.pool.isolation().without_groups:
        pytest.skip(f"no control groups on this host: {why}")
    yield made
    made.pool.close()


def groups() -> set[Path]:
    """Those of every spawner that lives, or left some."""
    found = control_groups.find(
        Path("/proc/self/cgroup").read_text(), Path("/proc/self/mountinfo").read_text()
    )
    places = {where for each in found for where in each.candidates()}
    return {folder for where in places for folder in where.glob("sluicegate-*")}


def members(folders: set[Path]) -> set[frozenset[int]]:
    """The processes of each sandbox's group, in each hierarchy."""
    return {
        frozenset(map(int, (group / "cgroup.procs").read_text().split()))
        for folder in folders
        for group in folder.iterdir()
        if group.is_dir()
    }


def test_each_sandbox_has_one_with_all_its_processes_in_it(rig: Rig) -> None:
    before, others = groups(), spawners()
    children = "import os, time\ndef handler(e, c): os.fork() or (os.setsid(), time.sleep(600))"
    for version in (first := rig.function(children), second := rig.function(children)):
        rig.invoke(version)
    (spawner,) = spawners() - others
    made = groups() - before
    sandboxes = [
        below(pid).keys()
        for pid in map(int, Path(f"/proc/{spawner}/task/{spawner}/children").read_text().split())
    ]
    assert members(made) == {frozenset(each) for each in sandboxes} and len(sandboxes) == 2
    rig.pool.retire(first.arn)
    assert len(members(made)) == 1
    rig.pool.retire(second.arn)
    assert members(made) == set()
    rig.pool.close()
    assert not groups() & made


def test_inside_nothing_is_seen_of_it(rig: Rig) -> None:
    version = rig.function(
        """
        import os
        def handler(event, context):
            own = {line.strip().rpartition(':')[2] for line in open('/proc/self/cgroup')}
            return [sorted(own), os.path.exists('/sys/fs/cgroup')]
        """
    )
    assert rig.answer(version) == [["/"], False]


def test_what_a_killed_spawner_left_the_next_one_removes_and_nobody_else_s(rig: Rig) -> None:
    others = spawners()
    before = groups()
    rig.answer(rig.function("def handler(event, context): pass"))
    (spawner,) = spawners() - others
    left = groups() - before
    sandboxed = below(spawner).keys() - {spawner}
    os.kill(spawner, signal.SIGKILL)
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in sandboxed))
    living = Spawner(staged=False, uids=range(0))
    try:
        assert not groups() & left
        kept = groups()
        Spawner(staged=False, uids=range(0)).close()
        assert groups() == kept
    finally:
        living.close()
