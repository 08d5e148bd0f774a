"""The scripts: they parse, they can be run, and they say what they need."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.house.sources import ROOT, shown, texts

_SHELL = [path for path, text in texts().items() if text.startswith("#!/usr/bin/env bash")]
_SCRIPTS = [path for path in texts() if path.parent == ROOT / "scripts"]

# Like an interpreter of before 3.11, whatever it is asked to run.
_OLD_PYTHON = f"""#!/bin/sh
[ "$1" = -c ] || exit 99
exec '{sys.executable}' -c 'import sys; sys.version_info = (3, 10, 14); exec(sys.argv[1])' "$2"
"""


@pytest.mark.parametrize("script", _SHELL, ids=shown)
def test_a_shell_script_parses_and_stops_at_the_first_failure(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)
    assert "\nset -euo pipefail\n" in texts()[script]


@pytest.mark.parametrize("script", _SCRIPTS, ids=shown)
def test_a_script_can_be_run_and_says_what_it_does(script: Path) -> None:
    first, second, *_ = texts()[script].splitlines()
    assert first.startswith("#!/usr/bin/env ") and os.access(script, os.X_OK)
    assert second.startswith(("# ", '"""'))


def test_setup_refuses_an_old_python_before_it_makes_anything(tmp_path: Path) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    setup = shutil.copy(ROOT / "scripts" / "setup", scripts)
    old = tmp_path / "old-python"
    old.write_text(_OLD_PYTHON)
    old.chmod(0o755)
    refused = subprocess.run(
        ["bash", setup],
        env={**os.environ, "PYTHON": str(old)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert refused.stderr == "sluicegate needs Python 3.11 or newer; name one with PYTHON=...\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old-python", "scripts"]
