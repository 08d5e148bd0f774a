"""Terraform and its AWS provider, unchanged, in a working folder.

Neither is in a package registry; where they are not installed their tests skip. `TF_PLUGINS` names
the provider's mirror where it is not in a usual place.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from .server import Server

CONFIGURATIONS = Path(__file__).parent / "terraform"
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
        self.run("init", "-no-color")

    def plan(self, expect: int, *flags: str) -> None:
        """What is planned: NO_DIFFERENCE or DIFFERENCE."""
        self.run("plan", "-detailed-exitcode", "-no-color", *flags, expect=expect)

    def change(self, **variables: str) -> None:
        """Plan a difference, with these variables from now on, and apply just that."""
        self._know(variables)
        self.plan(DIFFERENCE, "-out=planned")
        self.run("apply", "-no-color", "planned")
        self.plan(NO_DIFFERENCE)

    def apply(self, **variables: str) -> None:
        """Apply, with these variables from now on; there is nothing to be done afterwards."""
        self._know(variables)
        self.run("apply", "-auto-approve", "-no-color")
        self.plan(NO_DIFFERENCE)

    def _know(self, variables: Mapping[str, str]) -> None:
        self.environment |= {f"TF_VAR_{name}": value for name, value in variables.items()}

    def destroy(self) -> None:
        self.run("destroy", "-auto-approve", "-no-color")

    def outputs(self) -> dict[str, Any]:
        found = json.loads(self.run("output", "-json"))
        return {name: output["value"] for name, output in found.items()}

    def run(self, command: str, *flags: str, expect: int = 0) -> str:
        quiet = () if command == "output" else ("-input=false",)
        ended = subprocess.run(
            ["terraform", command, *quiet, *flags],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode == expect, ended.stdout + ended.stderr
        return ended.stdout


Configured = Callable[[str], Terraform]


def configurations(folder: Path, server: Server) -> Configured:
    """Makes a working folder, in that one, with the configuration of a name."""
    mirror = provider_mirror()
    if shutil.which("terraform") is None or mirror is None:
        pytest.skip("terraform and a mirror of its AWS provider are not on this machine")

    def make(name: str) -> Terraform:
        return Terraform(shutil.copytree(CONFIGURATIONS / name, folder / name), mirror, server)

    return make
