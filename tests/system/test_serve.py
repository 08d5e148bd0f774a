"""`sluicegate serve` as a process: what it answers, how it ends, what it survives."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from sluicegate.wire.client import Credentials

from .server import Server
from .waiting import until

SOON_SECONDS = 1.1
"""A little more than what the supervisor takes for too soon."""


def get(server: Server, path: str, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(server.endpoint + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_it_says_where_it_stands_and_then_ready(calm: Server) -> None:
    assert calm.facts["account"] == "000000000000"
    assert calm.facts["permissions"] == "enforced, always"
    assert calm.endpoint.startswith("http://127.0.0.1:")


def test_it_says_what_functions_may_reach(tmp_path: Path, calm: Server) -> None:
    assert "reach" not in calm.facts
    listed = "*.example.org:443,10.1.0.7:*"
    with Server(tmp_path / "state", SLUICEGATE_FUNCTIONS_REACH=listed) as server:
        assert server.facts["reach"] == (
            "functions reach *.example.org:443, 10.1.0.7:* by HTTP proxy"
        )


def test_what_functions_may_reach_is_told_wrongly(tmp_path: Path) -> None:
    environment = {**os.environ, "SLUICEGATE_FUNCTIONS_REACH": "example.org"}
    command = [sys.executable, "-m", "sluicegate.cli", "serve", "--state", str(tmp_path)]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert ended.returncode == 2
    assert "`example.org` has no port; say `example.org:443`" in ended.stderr


def test_health_needs_no_signature_and_gives_no_detail(calm: Server) -> None:
    assert get(calm, "/health/live") == (200, b'{"status": "live"}')
    assert get(calm, "/health/ready") == (200, b'{"status": "ready"}')


def test_the_health_test_containers_wait_for(calm: Server) -> None:
    status, body = get(calm, "/_localstack/health")
    facts = json.loads(body)
    assert status == 200 and set(facts) == {"services", "edition", "version"}
    assert facts["services"]["iam"] == "available"


def test_the_brokers_authority_stays_the_same(server: Server) -> None:
    status, pem = get(server, "/ca.pem")
    assert status == 200 and pem.startswith(b"-----BEGIN CERTIFICATE-----")
    server.kill()
    server.restart()
    assert get(server, "/ca.pem") == (200, pem)


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_another_host_name_is_refused_before_anything_else(calm: Server, host: str) -> None:
    status, body = get(calm, "/health/live", Host=host)
    assert status == 403 and b"allow_hosts" in body


def test_no_unsigned_call_does_anything(calm: Server) -> None:
    status, body = get(calm, "/?Action=ListUsers&Version=2010-05-08")
    assert status == 403 and b"MissingAuthenticationToken" in body
    assert get(calm, "/2015-03-31/functions")[0] == 403


def test_what_is_no_http_is_refused(calm: Server) -> None:
    with socket.create_connection(("127.0.0.1", calm.port), timeout=10) as connection:
        connection.sendall(
            b"GET http://evil.example/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(("count", "size"), [(101, 1), (20, 1000)])
def test_too_many_or_too_large_headers_are_refused(calm: Server, count: int, size: int) -> None:
    headers = b"".join(b"X-%d: %s\r\n" % (n, b"y" * size) for n in range(count))
    with socket.create_connection(("127.0.0.1", calm.port), timeout=10) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 431")


def test_headers_without_an_end_are_cut_off(calm: Server) -> None:
    with socket.create_connection(("127.0.0.1", calm.port), timeout=10) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nX-Endless: ")
        with pytest.raises(ConnectionError):
            connection.sendall(b"y" * 100_000_000)


def test_a_second_serve_on_the_same_state_is_refused(calm: Server) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "sluicegate.cli", "serve", "--state", str(calm.state)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert "another `sluicegate serve` uses state folder" in second.stderr


def test_an_unknown_setting_stops_the_start(tmp_path: Path) -> None:
    environment = {**os.environ, "SLUICEGATE_ENFORCE": "0"}
    command = [sys.executable, "-m", "sluicegate.cli", "serve", "--state", str(tmp_path)]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert ended.returncode == 2 and "`SLUICEGATE_ENFORCE`" in ended.stderr


def test_keys_and_folder_are_readable_by_their_owner_only(calm: Server) -> None:
    assert stat.S_IMODE(calm.state.stat().st_mode) == 0o700
    for name in ("master.key", "root-credentials.json"):
        assert stat.S_IMODE((calm.state / name).stat().st_mode) == 0o600


def test_a_master_key_others_can_read_stops_the_start(server: Server) -> None:
    server.stop()
    (server.state / "master.key").chmod(0o644)
    with pytest.raises(AssertionError, match="status 1"):
        server.restart()


def test_sigterm_ends_it_cleanly_and_leaves_no_process(server: Server) -> None:
    child = server.api_pid()
    assert server.stop() == 0
    assert not is_alive(child)


def test_kill_9_of_serve_leaves_no_process_and_loses_nothing(server: Server) -> None:
    server.client("iam").create_user(UserName="alice")
    child = server.api_pid()
    server.kill()
    server.restart()
    until(lambda: not is_alive(child), "the api child has ended")
    assert server.client("iam").get_user(UserName="alice")["User"]["UserName"] == "alice"


def test_an_api_child_that_dies_is_started_again(server: Server) -> None:
    iam = server.client("iam")
    iam.create_user(UserName="alice")
    for _ in range(2):
        before = server.api_pid()
        os.kill(before, signal.SIGKILL)
        wait_for_another_child(server, before)
        assert iam.get_user(UserName="alice")


def test_concurrent_writers_lose_nothing_acknowledged_when_it_is_killed(server: Server) -> None:
    acknowledged: list[str] = []
    stop = threading.Event()

    def write(number: int) -> None:
        iam = server.impatient("iam")
        count = 0
        while not stop.is_set():
            name = f"user-{number}-{count}"
            count += 1
            try:
                iam.create_user(UserName=name, Tags=[{"Key": "of", "Value": str(number)}])
            except (BotoCoreError, ClientError, ResponseParserError):
                # Killed between the head of an answer and its body: that acknowledges nothing.
                continue
            acknowledged.append(name)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    try:
        for kills in range(1, 21):
            wait_for_more_than(10 * kills, acknowledged)
            before = server.api_pid()
            # Who ends within a second of his start is followed by another after a pause only, which
            # grows from kill to kill.
            until(lambda pid=before: lived_seconds(pid) > SOON_SECONDS, "it to live a while")  # type: ignore[misc]
            os.kill(before, signal.SIGKILL)
            wait_for_another_child(server, before)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    details = server.client("iam").get_paginator("get_account_authorization_details")
    pages = details.paginate(Filter=["User"])
    found = {user["UserName"]: user["Tags"] for page in pages for user in page["UserDetailList"]}
    assert set(acknowledged) <= found.keys()
    # Nothing half made: a user that is there has its tag.
    assert all(len(tags) == 1 for tags in found.values())


def test_reset_is_served_only_when_asked_for(calm: Server) -> None:
    assert calm.reset()[0] == 404


def test_reset_needs_root_and_leaves_nothing_but_root(tmp_path: Path) -> None:
    with Server(tmp_path / "state", "--allow-reset") as server:
        iam = server.client("iam")
        iam.create_user(UserName="alice")
        key = iam.create_access_key(UserName="alice")["AccessKey"]
        alice = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        server.client("kms").create_key()
        status, body = server.reset(alice)
        assert status == 403 and b"AccessDenied" in body
        assert get(server, "/sluicegate/reset")[0] in (403, 404)
        assert server.reset() == (200, b'{"status": "reset"}')
        assert iam.list_users()["Users"] == []
        assert server.client("kms").list_keys()["Keys"] == []
        with pytest.raises(ClientError) as caught:
            server.client("sts", alice).get_caller_identity()
        assert caught.value.response["Error"]["Code"] == "InvalidClientTokenId"


def test_root_credentials_can_be_set_for_test_rigs(tmp_path: Path) -> None:
    with Server(tmp_path / "state", SLUICEGATE_ROOT_CREDENTIALS="test:test") as server:
        sts = server.client("sts", Credentials("test", "test"))
        assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"
        with pytest.raises(ClientError) as caught:
            server.client("sts", Credentials("test", "other")).get_caller_identity()
        assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_secrets_are_nowhere_in_clear(tmp_path: Path) -> None:
    planted = "planted-4f1d7c2b9a"
    with Server(tmp_path / "state") as server:
        iam = server.client("iam")
        iam.create_user(UserName="alice")
        key = iam.create_access_key(UserName="alice")["AccessKey"]["SecretAccessKey"]
        server.client("secretsmanager").create_secret(Name="s", SecretString=planted)
        texts = [planted.encode(), key.encode(), server.root().secret_key.encode()]
        for pid in (server.process.pid, server.api_pid()):
            for name in ("cmdline", "environ"):
                seen = Path(f"/proc/{pid}/{name}").read_bytes()
                assert not any(text in seen for text in texts)
        assert server.stop() == 0
    for path in filter(Path.is_file, (tmp_path / "state").rglob("*")):
        if path.name != "root-credentials.json":
            assert not any(text in path.read_bytes() for text in texts), path


def test_env_prints_what_tools_need(calm: Server) -> None:
    command = [sys.executable, "-m", "sluicegate.cli", "env", "--state", str(calm.state)]
    printed = subprocess.run(
        [*command, "--port", str(calm.port), "--shell", "json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    variables = json.loads(printed.stdout)
    assert variables["AWS_ENDPOINT_URL"] == calm.endpoint
    assert variables["AWS_ACCESS_KEY_ID"] == calm.root().access_key


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def lived_seconds(pid: int) -> float:
    """For how long a process is there."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


def wait_for_another_child(server: Server, before: int) -> None:
    until(lambda: api_pid(server) not in (None, before), "a new api child")


def wait_for_more_than(count: int, acknowledged: list[str]) -> None:
    until(lambda: len(acknowledged) > count, "writes go on")


def api_pid(server: Server) -> int | None:
    try:
        pid = server.api_pid()
    except ValueError:
        return None
    return pid if is_alive(pid) else None


def test_explain_tells_why_a_request_was_denied(calm: Server) -> None:
    iam = calm.client("iam")
    iam.create_user(UserName="explained")
    key = iam.create_access_key(UserName="explained")["AccessKey"]
    signer = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(ClientError) as caught:
        calm.client("iam", signer).list_users()
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    explain = [sys.executable, "-m", "sluicegate.cli", "explain"]
    told = subprocess.run(
        [*explain, headers["x-sluicegate-authorization-id"]],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=os.environ | calm.variables(),
    )
    assert "IMPLICIT_DENY by the identity-based policy" in told.stdout
    smallest = '{"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}'
    assert f"the smallest statement that would have allowed it\n  {smallest}" in told.stdout
    nothing = subprocess.run(
        [*explain, "nothing"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | calm.variables(),
    )
    assert nothing.returncode == 1 and "No authorization details" in nothing.stderr


def test_explain_tells_whether_a_call_would_be_allowed(calm: Server) -> None:
    iam = calm.client("iam")
    iam.create_user(UserName="would")
    explain = [sys.executable, "-m", "sluicegate.cli", "explain", "would", "iam:ListUsers"]

    def ran(*more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*explain, *more],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=os.environ | calm.variables(),
        )

    denied = ran("*")
    assert denied.returncode == 1 and denied.stderr == ""
    assert denied.stdout.startswith("decision   IMPLICIT_DENY by the identity-based policy\n")
    arn = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    iam.attach_user_policy(UserName="would", PolicyArn=arn)
    allowed = ran("*", "-o", "json")
    assert allowed.returncode == 0
    (result,) = json.loads(allowed.stdout)["EvaluationResults"]
    assert result["EvalDecision"] == "allowed"
    assert result["MatchedStatements"][0]["SourcePolicyId"] == "IAMReadOnlyAccess"
    wrong = ran("users")
    assert wrong.returncode == 2 and "not in a valid ARN format: users; correct" in wrong.stderr
