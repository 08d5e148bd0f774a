"""Terraform's AWS provider, unchanged: apply, plan without difference, change, destroy.

Neither Terraform nor its provider is in a package registry; where they are not installed the tests
skip. `TF_PLUGINS` names the provider's mirror where it is not in a usual place.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .server import Server

MIRRORS = ("/opt/tf-plugins", "/usr/share/terraform/plugins", "/usr/local/share/terraform/plugins")
NO_DIFFERENCE, DIFFERENCE = 0, 2


def provider_mirror() -> Path | None:
    named = os.environ.get("TF_PLUGINS")
    for folder in (named,) if named else MIRRORS:
        found = Path(folder)
        if any(found.glob("registry.terraform.io/hashicorp/aws/*")):
            return found
    return None


class Terraform:
    """One working folder."""

    def __init__(self, folder: Path, mirror: Path, server: Server) -> None:
        self.folder = folder
        configuration = folder / "terraform.rc"
        configuration.write_text(
            f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n'
        )
        self.environment = server.variables() | {
            "TF_CLI_CONFIG_FILE": str(configuration),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }

    def run(self, *arguments: str, expect: int = 0) -> str:
        ended = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode == expect, ended.stdout + ended.stderr
        return ended.stdout


@pytest.fixture
def terraform(tmp_path: Path, server: Server) -> Terraform:
    mirror = provider_mirror()
    if shutil.which("terraform") is None or mirror is None:
        pytest.skip("terraform and a mirror of its AWS provider are not on this machine")
    folder = tmp_path / "terraform"
    shutil.copytree(Path(__file__).parent / "terraform", folder)
    return Terraform(folder, mirror, server)


def test_apply_plan_change_and_destroy(terraform: Terraform, server: Server) -> None:
    terraform.run("init", "-input=false", "-no-color")
    terraform.run("apply", "-auto-approve", "-input=false", "-no-color")
    terraform.run("plan", "-detailed-exitcode", "-input=false", "-no-color", expect=NO_DIFFERENCE)
    change = ("-var", "description=orders of ours")
    terraform.run(
        "plan", "-detailed-exitcode", "-input=false", "-no-color", *change, expect=DIFFERENCE
    )
    terraform.run("apply", "-auto-approve", "-input=false", "-no-color", *change)
    terraform.run(
        "plan", "-detailed-exitcode", "-input=false", "-no-color", *change, expect=NO_DIFFERENCE
    )
    outputs = json.loads(terraform.run("output", "-json"))
    assert outputs["account"]["value"] == "000000000000"
    terraform.run("destroy", "-auto-approve", "-input=false", "-no-color", *change)
    assert server.client("iam").list_roles()["Roles"] == []
    vpcs = server.client("ec2").describe_vpcs()["Vpcs"]
    assert [vpc["IsDefault"] for vpc in vpcs] == [True]
