"""`sluicegate demo`: the whole story, as a newcomer sees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
