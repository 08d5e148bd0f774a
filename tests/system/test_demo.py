"""`sluicegate demo`: the whole story, as a newcomer sees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sluicegate.cli.demo.served import served
from sluicegate.errors import StartRefused
from sluicegate.settings import Settings

pytestmark = pytest.mark.brokers


def test_the_story_goes_as_told_to_its_end(tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLUICEGATE_", "AWS_"))}
    told = subprocess.run(
        [sys.executable, "-m", "sluicegate.cli", "demo"],
        capture_output=True,
        text=True,
        env=kept,
        cwd=tmp_path,
        timeout=600,
        check=False,
    )
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-2000:]
    assert "10,000 produced, 10,000 handled, 0 lost, 0 out of order" in told.stdout
    assert "Please add kafka:DescribeCluster permission to role." in " ".join(told.stdout.split())
    assert told.stdout.rstrip().splitlines()[-1].startswith("All 23 steps went as on AWS")
    assert "made-up-for-the-demo" not in told.stdout + told.stderr


def test_its_serve_is_told_what_the_machine_has_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLUICEGATE_REGION", "mars")
    with pytest.raises(StartRefused), served(tmp_path, Settings(function_uids="1-2")):
        pass
    assert "setting `function_uids` takes two numbers" in capfd.readouterr().err
