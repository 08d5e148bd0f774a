"""`sluicegate status` and `/metrics` against a real `serve` with a real broker."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from sluicegate.wire.client import Credentials

from .kafka_user import associate, new_cluster, new_secret
from .processes import java
from .server import Server
from .waiting import until


def status(
    server: Server, *arguments: str, signer: Credentials | None = None
) -> tuple[int, str, str]:
    """Exit status, output and talk of the command, as a user of this environment runs it."""
    ended = server.command("status", *arguments, signer=signer)
    return ended.returncode, ended.stdout, ended.stderr


def document(server: Server) -> Any:
    return json.loads(status(server, "-o", "json")[1])


def test_an_empty_state_says_what_to_do_first(calm: Server) -> None:
    code, told, talk = status(calm)
    assert (code, talk) == (0, "")
    assert "no clusters, no functions, no event source mappings here yet\nnext: " in told


def test_the_root_user_of_a_state_folder_needs_no_environment(calm: Server) -> None:
    command = [sys.executable, "-m", "sluicegate.cli", "status"]
    named = ["--state", str(calm.state), "--port", str(calm.port), "--region", "eu-west-1"]
    told = subprocess.run(
        [*command, *named], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert told.splitlines()[0].endswith("account 000000000000, eu-west-1")


def test_who_may_not_is_sent_to_explain(calm: Server) -> None:
    iam = calm.client("iam")
    iam.create_user(UserName="curious")
    key = iam.create_access_key(UserName="curious")["AccessKey"]
    curious = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    code, told, talk = status(calm, signer=curious)
    assert (code, told) == (1, "")
    assert "not authorized to perform: sluicegate:GetStatus on resource: * because" in talk
    assert "run `sluicegate explain " in talk


def test_a_scraper_reads_by_loopbacks_name_alone(calm: Server) -> None:
    def scraped(**headers: str) -> bytes:
        request = urllib.request.Request(f"{calm.endpoint}/metrics", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text: bytes = answer.read()
        return text

    assert b"\nsluicegate_decisions_dropped_total 0\n" in scraped()
    for header in ({"Host": "evil.example"}, {"X-Forwarded-For": "10.0.0.5"}):
        with pytest.raises(urllib.error.HTTPError) as refused:
            scraped(**header)
        with refused.value as answer:
            assert answer.code == 403


@pytest.mark.brokers
@pytest.mark.alongside
def test_a_cluster_and_its_user_are_told_of_and_so_is_what_is_wrong(tmp_path: Path) -> None:
    with Server(tmp_path / "state") as server:
        cluster = new_cluster(server)
        secret, _ = new_secret(server, "alice", "first")
        associate(server, cluster, secret)

        def users() -> Any:
            return document(server)["clusters"][0]["users"]

        until(lambda: users()[0]["username"] == "alice", "the user to be made")
        code, told, _ = status(server)
        assert code == 0 and told.endswith("\nno problems\n")
        (line,) = (line for line in told.splitlines() if line.startswith("orders "))
        assert "ACTIVE" in line and "9092 plaintext" in line and line.endswith("alice  none")

        secrets = server.client("secretsmanager")
        secrets.put_secret_value(SecretId=secret, SecretString="no JSON")
        until(lambda: users()[0]["error"] is not None, "the secret to be found wrong")
        code, told, _ = status(server)
        assert code == 1 and told.endswith("\n1 problem\n")
        assert f"! cluster orders cannot use the secret {secret}: " in told
        assert "no JSON" not in told

        logs: list[str] = []

        def is_missed() -> bool:
            # As often as it is started: it must not be up again before anybody has asked.
            for pid in java(server):
                os.kill(pid, signal.SIGKILL)
            ended = "is HEALING: broker 1 ended: it was ended by signal 9"
            problems = document(server)["problems"]
            logs.extend(each["next"] for each in problems if each["what"] == ended)
            return bool(logs)

        until(is_missed, "the broker to be missed")
        log = Path(logs[0].removeprefix("read ").partition(" on ")[0])
        assert log.parent.parent.parent == server.state / "clusters" and log.stat().st_size
