"""Every level of isolation: functions run, their trees end, and what each level keeps apart."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.function_code import Rig, eventually, make_rig
from tests.contract.hostile_code import NOTHING
from tests.contract.hostile_run import attack
from tests.contract.missing import missing

from sluicegate.errors import StartRefused
from sluicegate.functions.pool import Limits

LEVELS = ("strict", "namespaces", "landlock", "none")


@pytest.fixture(scope="module", params=LEVELS)
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A pool at each level this host allows."""
    folder = tmp_path_factory.mktemp(request.param)
    made = make_rig(folder, limits=Limits(ahead=0), isolation=request.param)
    try:
        made.pool.isolation()
    except StartRefused as refused:
        missing(str(refused))
    yield made
    made.pool.close()


def test_functions_run(rig: Rig) -> None:
    version = rig.function(
        """
        import os, tempfile
        def handler(event, context):
            with tempfile.TemporaryFile() as file:
                file.write(b'x')
            return [event, os.getcwd() == os.environ['LAMBDA_TASK_ROOT']]
        """
    )
    assert [rig.answer(version, n) for n in range(2)] == [[0, True], [1, True]]


def test_their_ends_are_told(rig: Rig) -> None:
    version = rig.function("import os\ndef handler(event, context): os._exit(event)")
    assert rig.fails(version, 9)["errorMessage"].endswith("exited with error: exit status 9")


def test_their_trees_end(rig: Rig) -> None:
    version = rig.function(
        """
        import os, signal, time
        def handler(event, context):
            for _ in range(3):
                if os.fork() == 0:
                    os.setsid()
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    os.fork()
                    time.sleep(600)
            time.sleep(600)
        """,
        timeout_seconds=1,
        name=f"tree-{rig.pool.isolation().level}",
    )
    assert rig.fails(version)["errorType"] == "Sandbox.Timedout"
    # Their folder, or name, stands in what they were started with.
    assert eventually(lambda: not left_of(version.name))


def left_of(name: str) -> list[str]:
    """Processes that have a function's name in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"AWS_LAMBDA_FUNCTION_NAME={name}\0".encode() in (process / "environ").read_bytes():
                found.append(process.name)
        except OSError:
            continue
    return found


# What each level does not keep apart; see docs/decisions/0003-sandbox.md.
KNOWN = {
    "strict": set(),
    "landlock": {"seen", "killed", "sent", "set-uid", "devices allowed"},
}


@pytest.mark.parametrize("rig", KNOWN, indirect=True)
def test_a_hostile_function_gets_what_the_level_is_known_to_leave(rig: Rig) -> None:
    got = attack(rig)
    level = rig.pool.isolation().level
    known = set(KNOWN[level])
    if level == "landlock" and os.geteuid() != 0:
        # Paths are real ones, and where we may not change users, a function is told ours.
        assert got["variables"] == [str(rig.folder)]
        known.add("variables")
    assert {name for name, value in got.items() if value != NOTHING[name]} <= known, got
