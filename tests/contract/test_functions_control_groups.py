"""Control groups of sandboxes, where this host allows them: one each, and nothing left of them."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.function_code import Rig, eventually, make_rig
from tests.contract.test_functions_failures import below, spawners

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


def groups(spawner: int) -> set[Path]:
    """The folders a spawner has claimed, one in each hierarchy; other tests have theirs."""
    found = {each.readlink() for each in Path(f"/proc/{spawner}/fd").iterdir()}
    return {each for each in found if (each / "cgroup.procs").exists()}


def members(folders: set[Path]) -> set[frozenset[int]]:
    """The processes of each sandbox's group, in each hierarchy."""
    return {
        frozenset(map(int, (group / "cgroup.procs").read_text().split()))
        for folder in folders
        for group in folder.iterdir()
        if group.is_dir()
    }


def test_each_sandbox_has_one_with_all_its_processes_in_it(rig: Rig) -> None:
    others = spawners()
    children = "import os, time\ndef handler(e, c): os.fork() or (os.setsid(), time.sleep(600))"
    for version in (first := rig.function(children), second := rig.function(children)):
        rig.invoke(version)
    (spawner,) = spawners() - others
    made = groups(spawner)
    sandboxes = [
        below(pid).keys()
        for pid in map(int, Path(f"/proc/{spawner}/task/{spawner}/children").read_text().split())
    ]
    assert members(made) == {frozenset(each) for each in sandboxes} and len(sandboxes) == 2
    rig.pool.retire(first.arn)
    assert len(members(made)) == 1
    rig.pool.retire(second.arn)
    assert made and members(made) == set()
    rig.pool.close()
    assert not any(each.exists() for each in made)


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
    rig.answer(rig.function("def handler(event, context): pass"))
    (spawner,) = spawners() - others
    left, sandboxed = groups(spawner), below(spawner).keys() - {spawner}
    os.kill(spawner, signal.SIGKILL)
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in sandboxed))
    others = spawners()
    living = Spawner(staged=False, uids=range(0))
    try:
        # If not by this one, by one of another test.
        assert left and eventually(lambda: not any(each.exists() for each in left))
        (spawner,) = spawners() - others
        kept = groups(spawner)
        Spawner(staged=False, uids=range(0)).close()
        assert kept and all(each.exists() for each in kept)
    finally:
        living.close()
