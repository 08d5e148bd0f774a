"""Function code that tries to get out: of its sandbox, to the host, to us, to other functions."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.contract.function_code import Rig
from tests.contract.hostile_code import NOTHING
from tests.contract.hostile_run import attack
from tests.contract.missing import missing
from tests.house.sources import ROOT

from sluicegate.errors import AwsError
from sluicegate.functions.spawner import _parted

pytestmark = pytest.mark.crowds

_NOBODY = 64999


def test_a_hostile_function_gets_nothing(functions: Rig) -> None:
    if functions.pool.isolation().level != "strict":
        missing("this host allows no strict sandboxes")
    assert attack(functions) == NOTHING


@pytest.mark.parametrize("hidden", ["variable", "handler"])
def test_what_the_sandbox_shows_is_not_chosen_by_a_nul(functions: Rig, hidden: str) -> None:
    # Refused when it is asked for; a state may have one from before that.
    escape = "x\0--bind\0/\0/host"
    version = functions.function(
        "def handler(event, context): return __import__('os').listdir('/')",
        ephemeral_mb=513,
        environment={"LD_ESCAPE": escape} if hidden == "variable" else {},
        handler=f"handler.handler{escape}" if hidden == "handler" else "handler.handler",
    )
    with pytest.raises(AwsError, match="a sandbox did not start: a variable of the function"):
        functions.invoke(version)


def test_nor_does_the_spawner_take_one() -> None:
    with pytest.raises(ValueError, match="NUL"):
        _parted(["--setenv", "A", "x\0--bind"])
    assert _parted(["--chdir", "/"]) == b"--chdir\0/\0"


@pytest.mark.skipif(os.geteuid() != 0, reason="we are an ordinary user already")
def test_nor_does_it_where_an_ordinary_user_serves() -> None:
    # Not below pytest's own folder, which nobody else may enter.
    with tempfile.TemporaryDirectory() as above:
        Path(above).chmod(0o711)
        got = as_ordinary_user(Path(above) / "ordinary", "strict")
    assert got == {"level": "strict", "got": NOTHING}


def as_ordinary_user(folder: Path, isolation: str) -> object:
    """What the hostile function gets in a service that a user without rights started."""
    python = readable_python()
    folder.mkdir()
    os.chown(folder, _NOBODY, _NOBODY)
    packages = Path(pytest.__file__).parents[1]
    ended = subprocess.run(
        [python, "-m", "tests.contract.hostile_run", str(folder), isolation],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}:{packages}",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        user=_NOBODY,
        group=_NOBODY,
        extra_groups=[],
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def readable_python() -> str:
    """An interpreter of our version that others than root can run, for its packages' sake."""
    name = f"python3.{sys.version_info.minor}"
    for path in (sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        try:
            subprocess.run([path, "-c", ""], user=_NOBODY, group=_NOBODY, extra_groups=[])
        except OSError:
            continue
        return path
    pytest.skip(f"no {name} that an ordinary user can run: apt install {name}")
