"""Terraform's AWS provider, unchanged: apply, plan without difference, change, destroy.

Neither Terraform nor its provider is in a package registry; where they are not installed the tests
skip. `TF_PLUGINS` names the provider's mirror where it is not in a usual place.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .kafka_user import Login
from .server import Server
from .waiting import until

CONFIGURATIONS = Path(__file__).parent / "terraform"
MIRRORS = ("/opt/tf-plugins", "/usr/share/terraform/plugins", "/usr/local/share/terraform/plugins")
NO_DIFFERENCE, DIFFERENCE = 0, 2

CODE = """
def handler(event, context):
    for records in event["records"].values():
        print("{edition} edition,", len(records), "orders")
"""


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

    def plan(self, expect: int) -> None:
        """What is planned: NO_DIFFERENCE or DIFFERENCE."""
        self.run("plan", "-detailed-exitcode", "-no-color", expect=expect)

    def apply(self, **variables: str) -> None:
        """Apply, with these variables from now on; there is nothing to be done afterwards."""
        self.environment |= {f"TF_VAR_{name}": value for name, value in variables.items()}
        self.run("apply", "-auto-approve", "-no-color")
        self.plan(NO_DIFFERENCE)

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


@pytest.fixture
def configured(tmp_path: Path, server: Server) -> Configured:
    """A working folder with the configuration of a name, for the server of the test."""
    mirror = provider_mirror()
    if shutil.which("terraform") is None or mirror is None:
        pytest.skip("terraform and a mirror of its AWS provider are not on this machine")

    def make(name: str) -> Terraform:
        folder = shutil.copytree(CONFIGURATIONS / name, tmp_path / name)
        return Terraform(folder, mirror, server)

    return make


def test_apply_plan_change_and_destroy(configured: Configured, server: Server) -> None:
    terraform = configured("account")
    terraform.apply()
    terraform.environment["TF_VAR_description"] = "orders of ours"
    terraform.plan(DIFFERENCE)
    terraform.apply()
    assert terraform.outputs()["account"] == "000000000000"
    terraform.destroy()
    assert server.client("iam").list_roles()["Roles"] == []
    vpcs = server.client("ec2").describe_vpcs()["Vpcs"]
    assert [vpc["IsDefault"] for vpc in vpcs] == [True]


def test_an_organization_is_made_changed_and_destroyed(
    configured: Configured, server: Server
) -> None:
    terraform = configured("organization")
    terraform.apply()
    made = terraform.outputs()
    organizations = server.client("organizations")
    (found,) = organizations.list_parents(ChildId=made["account"])["Parents"]
    attached = {"TargetId": found["Id"], "Filter": "SERVICE_CONTROL_POLICY"}
    policies = organizations.list_policies_for_target(**attached)["Policies"]
    assert {each["Name"] for each in policies} == {"FullAWSAccess", "limits"}
    terraform.apply(denied="kafka:*")
    assert terraform.outputs() == made
    content = organizations.describe_policy(PolicyId=made["policy"].rpartition("/")[2])
    assert "kafka:*" in content["Policy"]["Content"]
    terraform.destroy()
    with pytest.raises(organizations.exceptions.AWSOrganizationsNotInUseException):
        organizations.describe_organization()


@pytest.mark.brokers
def test_a_whole_trigger_is_made_changed_and_destroyed(
    configured: Configured, server: Server
) -> None:
    terraform = configured("trigger")
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    terraform.apply(runtime=runtime, package=package(terraform, "first"))
    made = terraform.outputs()
    assert made["function"].endswith(":function:orders:1")
    orders = Login(server, made["cluster"], "orders", "made-up")
    assert made["brokers"] == orders.settings()["bootstrap.servers"]
    orders.produce("orders", '{"kind": "order"}', '{"kind": "offer"}')
    until(lambda: "first edition, 1 orders\n" in log(server), "the order to be handled")

    terraform.apply(package=package(terraform, "second"), batch_size="50")
    changed = terraform.outputs()
    assert changed == made | {"function": made["function"].replace(":1", ":2")}
    mapping = server.client("lambda").get_event_source_mapping(UUID=made["mapping"])
    assert (mapping["State"], mapping["BatchSize"]) == ("Enabled", 50)
    orders.produce("orders", '{"kind": "order"}')
    until(lambda: "second edition, 1 orders\n" in log(server), "the next order to be handled")

    terraform.destroy()
    assert server.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    assert server.client("lambda").list_functions()["Functions"] == []
    assert server.client("kafka").list_clusters()["ClusterInfoList"] == []
    assert server.client("ec2").describe_network_interfaces()["NetworkInterfaces"] == []


def package(terraform: Terraform, edition: str) -> str:
    """The name of a package in the working folder, with code of this edition."""
    name = f"{edition}.zip"
    with zipfile.ZipFile(terraform.folder / name, "w") as archive:
        archive.writestr("app.py", CODE.format(edition=edition))
    return name


def log(server: Server) -> list[str]:
    """What the function has printed."""
    logs = server.client("logs")
    events = logs.filter_log_events(logGroupName="/aws/lambda/orders")["events"]
    return [event["message"] for event in events]
