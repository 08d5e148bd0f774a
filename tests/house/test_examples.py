"""The examples do what they say."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from examples import least_privilege
from tests.house.sources import ROOT

from sluicegate.testing import Endpoint
from sluicegate.wire.client import Credentials


def test_least_privilege_is_denied_then_allowed_just_that(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    def clients(service: str, key: Mapping[str, str] | None = None) -> Any:
        signer = Credentials(key["AccessKeyId"], key["SecretAccessKey"]) if key else None
        return endpoint.client(service, credentials=signer)

    least_privilege.run(clients)
    told = capsys.readouterr().out
    without, smallest = told.split("With the smallest policy")
    assert without.count("denied") == 1 and "allowed\n" not in without
    assert "because no identity-based policy allows the secretsmanager:GetSecretValue" in without
    assert "read the orders secret: allowed" in smallest
    assert "change it: denied" in smallest
    assert "read the payroll secret: denied" in smallest


def test_least_privilege_leaves_nothing_behind(endpoint: Endpoint) -> None:
    least_privilege.run(lambda service, _key=None: endpoint.client(service))
    assert endpoint.client("iam").list_users()["Users"] == []
    assert endpoint.client("secretsmanager").list_secrets()["SecretList"] == []


def test_pytest_endpoint_passes_as_a_user_runs_it(tmp_path: Path) -> None:
    # Away from our pytest settings; in a project of one's own there are others.
    example = (tmp_path / "test_rotation.py").absolute()
    example.write_text((ROOT / "examples" / "pytest_endpoint.py").read_text())
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--quiet", str(example)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "3 passed" in run.stdout
