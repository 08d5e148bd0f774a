"""`sluicegate kafka` against a real `serve` with a real broker, as a user with a secret."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sluicegate.wire.client import Credentials
from tests.unit.operations.asserting import allow

from .kafka_user import associate, new_cluster, new_secret
from .server import Server
from .waiting import until

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]

ALICE = ("--secret", "AmazonMSK_alice")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With the cluster orders, which lets anybody in; alice is a user of it."""
    with Server(tmp_path_factory.mktemp("kafka") / "state") as started:
        cluster = new_cluster(started)
        associate(started, cluster, new_secret(started, "alice", "made-up")[0])

        def is_let_in() -> bool:
            return started.command("kafka", "topics", *ALICE).returncode == 0

        until(is_let_in, "alice to be let in")
        yield started


def kafka(
    server: Server, *arguments: str, given: str = "", signer: Credentials | None = None
) -> tuple[int, str, str]:
    """Exit status, output and talk."""
    ended = server.command("kafka", *arguments, signer=signer, given=given)
    return ended.returncode, ended.stdout, ended.stderr


def test_records_go_in_and_are_looked_at(server: Server) -> None:
    code, told, talk = kafka(server, "topics", "--create", "orders", "--partitions", "2", *ALICE)
    assert (code, talk) == (0, "cluster orders, the only one here\n")
    assert "orders  2           1         0\n" in told

    named = ("--cluster", "orders", *ALICE)
    lines = "ann:one\nbob:two\nann:three\n"
    flags = ("--key-separator", ":", "-o", "json")
    code, told, talk = kafka(server, "produce", "orders", *flags, *named, given=lines)
    assert (code, talk) == (0, "") and json.loads(told)["records"] == 3

    code, told, talk = kafka(server, "peek", "orders", "-o", "json", *named)
    assert (code, talk) == (0, "")
    found = [json.loads(line) for line in told.splitlines()]
    assert sorted((each["key"], each["value"]) for each in found) == [
        ("ann", "one"),
        ("ann", "three"),
        ("bob", "two"),
    ]
    # Over TLS, as nobody.
    code, told, _ = kafka(server, "topics", "-o", "json", "--cluster", "orders")
    assert json.loads(told) == [{"name": "orders", "partitions": 2, "replicas": 1, "records": 3}]


def test_a_program_that_is_printed_runs(server: Server, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    flags = ("--for", "python", "--ca", str(authority))
    code, hidden, talk = kafka(server, "client-config", *flags, *ALICE)
    assert code == 0 and "made-up" not in hidden + talk
    assert "<password of AmazonMSK_alice>" in hidden
    code, program, _ = kafka(server, "client-config", *flags, "--show-password", *ALICE)
    assert code == 0 and authority.read_text().startswith("-----BEGIN CERTIFICATE-----")
    code, whole, _ = kafka(server, "client-config", *flags[:2], "--show-password", *ALICE)
    assert code == 0
    for text in (program, whole):
        ran = subprocess.run(
            [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=True
        )
        assert ran.stdout.startswith("[")


def test_what_is_refused_says_what_to_do(server: Server) -> None:
    code, told, talk = kafka(server, "peek", "nowhere", *ALICE)
    assert (code, told) == (1, "") and talk.endswith("sluicegate kafka topics --create NAME`\n")

    server.client("secretsmanager").create_secret(
        Name="wrong", SecretString=json.dumps({"username": "alice", "password": "guessed"})
    )
    code, told, talk = kafka(server, "topics", "--cluster", "orders", "--secret", "wrong")
    assert (code, told) == (1, "") and "guessed" not in talk
    assert "Authentication failed" in talk and "; name the secret of a user" in talk
    assert talk.count("\n") == 1

    iam = server.client("iam")
    iam.create_user(UserName="reader")
    iam.put_user_policy(
        UserName="reader",
        PolicyName="clusters",
        PolicyDocument=json.dumps(allow("kafka:GetBootstrapBrokers", "kafka:ListClustersV2")),
    )
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    code, told, talk = kafka(server, "topics", *ALICE, signer=reader)
    assert (code, told) == (1, "")
    assert "perform: secretsmanager:GetSecretValue" in talk and "`sluicegate explain " in talk
