"""Permissions of one's own code under test: the endpoint in this process, no server, no port.

    pytest examples/pytest_endpoint.py

`rotate` stands for code of yours, `POLICY` for the policy it is deployed with. The tests hold them
together: the policy is enough, and it is no more than that.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluicegate.testing import Endpoint, Member

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "secretsmanager:GetRandomPassword", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "secretsmanager:PutSecretValue",
            "Resource": "arn:aws:secretsmanager:*:*:secret:broker/*",
        },
    ],
}


def rotate(secrets: Any, name: str) -> None:
    """Give the secret a new random password."""
    password = secrets.get_random_password(PasswordLength=24)["RandomPassword"]
    secrets.put_secret_value(SecretId=name, SecretString=password)


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    """An account of this test's own, with two secrets in it."""
    with Endpoint(tmp_path / "state") as made:
        for name in ("broker/password", "payroll"):
            made.client("secretsmanager").create_secret(Name=name, SecretString="first")
        yield made


@pytest.fixture
def rotator(endpoint: Endpoint) -> Member:
    """Who runs the code: a user with the policy, and nothing else."""
    return endpoint.user("rotator", policy=POLICY)


def test_the_policy_is_enough(endpoint: Endpoint, rotator: Member) -> None:
    rotate(rotator.client("secretsmanager"), "broker/password")
    value = endpoint.client("secretsmanager").get_secret_value(SecretId="broker/password")
    assert len(value["SecretString"]) == 24


def test_another_secret_stays_out_of_reach(rotator: Member) -> None:
    with pytest.raises(ClientError, match="not authorized to perform: secretsmanager:PutSecret"):
        rotate(rotator.client("secretsmanager"), "payroll")


def test_what_is_written_cannot_be_read(rotator: Member) -> None:
    with pytest.raises(ClientError, match="no identity-based policy allows"):
        rotator.client("secretsmanager").get_secret_value(SecretId="broker/password")
