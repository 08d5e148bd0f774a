"""`serve` with its state in PostgreSQL."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from sluicegate.wire.client import Credentials
from tests.contract.postgresql_server import PostgresqlServer

from .kafka_user import new_cluster, state
from .processes import java
from .server import Server
from .test_examples import run_example
from .test_serve import get
from .test_status import status
from .waiting import until

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]


@pytest.fixture
def url(postgresql: PostgresqlServer, names: Iterator[str]) -> str:
    return postgresql.create(next(names))


def test_the_story_on_postgresql(tmp_path: Path, url: str) -> None:
    with Server(tmp_path / "state", "--allow-reset", SLUICEGATE_DATABASE=url) as server:
        iam = server.client("iam")
        iam.create_user(UserName="alice")
        key = iam.create_access_key(UserName="alice")["AccessKey"]
        alice = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        with pytest.raises(ClientError, match="no identity-based policy allows"):
            server.client("iam", alice).list_users()
        managed = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
        iam.attach_user_policy(UserName="alice", PolicyArn=managed)
        assert server.client("iam", alice).list_users()["Users"]
        kms, secrets = server.client("kms"), server.client("secretsmanager")
        key_id = kms.create_key()["KeyMetadata"]["KeyId"]
        secrets.create_secret(Name="s", KmsKeyId=key_id, SecretString="x")
        logs = server.client("logs")
        logs.create_log_group(logGroupName="g")
        logs.create_log_stream(logGroupName="g", logStreamName="s")
        event = {"timestamp": 1, "message": "too old"}
        logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[event])
        assert server.client("ec2").describe_vpcs()["Vpcs"][0]["IsDefault"]
        server.kill()
        server.restart()
        assert server.client("iam", alice).list_users()["Users"]
        secrets = server.client("secretsmanager")
        assert secrets.get_secret_value(SecretId="s")["SecretString"] == "x"
        assert server.reset()[0] == 200
        assert server.client("iam").list_users()["Users"] == []


def test_a_server_that_goes_and_comes_back(
    tmp_path: Path, url: str, postgresql: PostgresqlServer
) -> None:
    with Server(tmp_path / "state", SLUICEGATE_DATABASE=url) as server:
        server.client("iam").create_user(UserName="alice")
        postgresql.stop()
        try:
            until(lambda: get(server, "/health/ready")[0] == 503, "not ready")
            assert get(server, "/health/live")[0] == 200
        finally:
            postgresql.start()
        until(lambda: get(server, "/health/ready")[0] == 200, "ready again")
        assert server.client("iam").get_user(UserName="alice")["User"]


def test_a_trigger_on_postgresql(tmp_path: Path, url: str) -> None:
    with Server(tmp_path / "state", "--workers", "2", SLUICEGATE_DATABASE=url) as server:
        assert run_example(server, "orders/run.py", 400) == "2,000 of 2,000 orders handled\n"


def serve_refused(state: Path, url: str) -> str:
    """What `serve` says that must not start."""
    ended = subprocess.run(
        [sys.executable, "-m", "sluicegate.cli", "serve", "--state", str(state), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "SLUICEGATE_DATABASE": url},
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    return ended.stderr


def test_a_cluster_stays_with_the_machine_it_was_made_on(tmp_path: Path, url: str) -> None:
    with Server(tmp_path / "one", SLUICEGATE_DATABASE=url) as one:
        cluster = new_cluster(one)
        talk = serve_refused(tmp_path / "two", url)
        key = one.state / "master.key"
        assert f"copy `{key}` of `" in talk and f"than `{tmp_path}/two/master.key`" in talk
        (tmp_path / "two" / "master.key").write_bytes(key.read_bytes())
        with Server(tmp_path / "two", SLUICEGATE_DATABASE=url) as two:
            assert state(two, cluster) == state(one, cluster) == "ACTIVE"
            assert len(java(one)) == 1 and not java(two)
            one.kill()
            until(lambda: state(two, cluster) == "HEALING", "the other machine to be missed")
            code, told, _ = status(two)
            assert code == 1 and f"runs on state folder `{one.state}` of `" in told
            assert "; next: run `sluicegate serve` on " in told and not java(two)
            one.restart()
            until(lambda: state(two, cluster) == "ACTIVE", "its own machine to keep it again")
            assert not java(two)
