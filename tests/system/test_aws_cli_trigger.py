"""A trigger by hand, with nothing but the AWS CLI: made, used, changed, read and deleted."""

import json
import sys
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .aws_cli import answer, aws
from .kafka_user import STARTING_SECONDS, Login, state
from .server import Server
from .waiting import until

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
MANAGED = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"
LOGIN = {"username": "alice", "password": "made-up"}
CODE = """
def handler(event, context):
    for records in event.get("records", {}).values():
        print("handled", len(records), "of", records[0]["topic"])
    return {"edition": EDITION, "asked": event.get("name")}
"""


class Shell:
    """A server, a folder, and commands given in it; files are named as the CLI wants them."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder

    def aws(self, *arguments: str) -> Any:
        """The answer of a command that must succeed."""
        return answer(self.server, *arguments, folder=self.folder)

    def text(self, query: str, *arguments: str) -> str:
        """One value of an answer, as scripts take it."""
        asked = (*arguments, "--query", query, "--output", "text")
        ended = aws(self.server, *asked, folder=self.folder)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    def refusal(self, *arguments: str) -> str:
        ended = aws(self.server, *arguments, folder=self.folder)
        assert ended.returncode in (254, 255), ended.stdout
        return ended.stderr.strip()

    def file(self, name: str, content: object) -> str:
        (self.folder / name).write_text(json.dumps(content))
        return f"file://{name}"

    def package(self, edition: int) -> str:
        """Code of this edition."""
        with zipfile.ZipFile(self.folder / f"{edition}.zip", "w") as archive:
            archive.writestr("app.py", f"EDITION = {edition}\n{CODE}")
        return f"fileb://{edition}.zip"

    def role(self, name: str) -> str:
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        document = self.file("trust.json", {"Version": "2012-10-17", "Statement": trust})
        create = ("iam", "create-role", "--role-name", name)
        return self.text("Role.Arn", *create, "--assume-role-policy-document", document)

    def function(self, name: str, role: str) -> None:
        """A function, once it may be invoked."""
        self.aws(
            *("lambda", "create-function", "--function-name", name, "--runtime", RUNTIME),
            *("--role", role, "--handler", "app.handler", "--zip-file", self.package(1)),
        )
        self.aws("lambda", "wait", "function-active-v2", "--function-name", name)

    def invoke(self, name: str, asked: str) -> tuple[Any, str]:
        """What a function answers, and the end of its log."""
        tail = self.text(
            *("LogResult", "lambda", "invoke", "--function-name", name, "--log-type", "Tail"),
            *("--payload", json.dumps({"name": asked}), "out.json"),
        )
        return json.loads((self.folder / "out.json").read_text()), b64decode(tail).decode()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A server that this module's tests share."""
    with Server(tmp_path_factory.mktemp("by-hand") / "state") as server:
        yield Shell(server, tmp_path_factory.mktemp("folder"))


def test_a_function_is_made_invoked_changed_and_deleted(shell: Shell) -> None:
    shell.function("plain", shell.role("plain"))
    of = ("--function-name", "plain")
    said, tail = shell.invoke("plain", "ann")
    assert said == {"edition": 1, "asked": "ann"}
    assert tail.startswith("START RequestId: ") and "REPORT RequestId: " in tail

    shell.aws("lambda", "publish-version", *of)
    shell.aws("lambda", "wait", "published-version-active", *of, "--qualifier", "1")
    shell.aws("lambda", "update-function-code", *of, "--zip-file", shell.package(2))
    shell.aws("lambda", "wait", "function-updated", *of)
    assert shell.invoke("plain", "bob")[0] == {"edition": 2, "asked": "bob"}
    assert shell.invoke("plain:1", "bob")[0]["edition"] == 1

    listing = ("lambda", "list-versions-by-function", *of)
    first = shell.aws(*listing, "--max-items", "1", "--page-size", "1")
    rest = shell.aws(*listing, "--starting-token", first["NextToken"])
    versions = [each["Version"] for each in first["Versions"] + rest["Versions"]]
    assert versions == ["$LATEST", "1"]

    shell.aws("lambda", "delete-function", *of)
    assert "Function not found" in shell.refusal("lambda", "get-function", *of)


def test_a_trigger_is_made_used_changed_and_deleted(shell: Shell) -> None:
    cluster = made_cluster(shell)
    secret, key = made_login(shell, cluster)
    shell.function("orders", shell.role("orders"))
    create = (
        *("lambda", "create-event-source-mapping", "--function-name", "orders"),
        *("--event-source-arn", cluster, "--topics", "orders", "--batch-size", "100"),
        *("--starting-position", "TRIM_HORIZON", "--source-access-configurations"),
        f"Type=SASL_SCRAM_512_AUTH,URI={secret}",
    )
    assert shell.refusal(*create) == (
        "An error occurred (InvalidParameterValueException) when calling the "
        "CreateEventSourceMapping operation: The provided execution role does not have permissions "
        "to call DescribeCluster on MSK"
    )
    attach = ("iam", "attach-role-policy", "--role-name", "orders", "--policy-arn", MANAGED)
    shell.aws(*attach)
    allowed = [
        {"Effect": "Allow", "Action": action, "Resource": resource}
        for action, resource in (("secretsmanager:GetSecretValue", secret), ("kms:Decrypt", key))
    ]
    document = shell.file("login.json", {"Version": "2012-10-17", "Statement": allowed})
    put = ("iam", "put-role-policy", "--role-name", "orders", "--policy-name", "login")
    shell.aws(*put, "--policy-document", document)
    made = shell.aws(*create)
    assert made["State"] == "Creating"
    used(shell, cluster, made["UUID"])
    changed_and_deleted(shell, cluster, made["UUID"])


def made_cluster(shell: Shell) -> str:
    """Step one: a cluster of one node, with SASL/SCRAM."""
    subnet = shell.text("Subnets[0].SubnetId", "ec2", "describe-subnets")
    group = {"InstanceType": "kafka.t3.small", "ClientSubnets": [subnet]}
    arn = shell.text(
        *("ClusterArn", "kafka", "create-cluster", "--cluster-name", "orders"),
        *("--kafka-version", "3.9.x", "--number-of-broker-nodes", "1"),
        *("--broker-node-group-info", shell.file("group.json", group)),
        *("--client-authentication", "Sasl={Scram={Enabled=true}}"),
    )
    until(lambda: state(shell.server, arn) == "ACTIVE", "an active cluster", STARTING_SECONDS)
    listed = shell.aws("kafka", "list-clusters-v2", "--cluster-name-filter", "ord")
    assert [each["State"] for each in listed["ClusterInfoList"]] == ["ACTIVE"]
    return arn


def made_login(shell: Shell, cluster: str) -> tuple[str, str]:
    """Step two: a user of the cluster; the ARNs of its secret and its key."""
    key = shell.text("KeyMetadata.Arn", "kms", "create-key")
    secret = shell.text(
        *("ARN", "secretsmanager", "create-secret", "--name", "AmazonMSK_alice"),
        *("--kms-key-id", key, "--secret-string", shell.file("secret.json", LOGIN)),
    )
    of = ("--cluster-arn", cluster)
    associate = ("kafka", "batch-associate-scram-secret", *of, "--secret-arn-list", secret)
    assert shell.aws(*associate)["UnprocessedScramSecrets"] == []
    assert shell.aws("kafka", "list-scram-secrets", *of)["SecretArnList"] == [secret]
    return secret, key


def used(shell: Shell, cluster: str, mapping: str) -> None:
    """Step three: records come, and the function's log tells of them."""
    alice = Login(shell.server, cluster, LOGIN["username"], LOGIN["password"])
    brokers = ("kafka", "get-bootstrap-brokers", "--cluster-arn", cluster)
    servers = shell.text("BootstrapBrokerStringSaslScram", *brokers)
    assert servers == alice.settings()["bootstrap.servers"]
    alice.create_topic("orders")
    alice.produce("orders", "one", "two", "three")
    until(lambda: shown(shell, mapping)["LastProcessingResult"] == "OK", "records to be handled")
    get = ("lambda", "get-event-source-mapping", "--uuid", mapping)
    assert shell.text("LastProcessingResult", *get) == "OK"
    find = ("logs", "filter-log-events", "--log-group-name", "/aws/lambda/orders")

    def handled() -> int:
        lines = shell.aws(*find, "--filter-pattern", "handled", "--query", "events[].message")
        return sum(int(line.split()[1]) for line in lines)

    until(lambda: handled() == 3, "three records in the log")


def changed_and_deleted(shell: Shell, cluster: str, mapping: str) -> None:
    """Step four: listed, changed, and gone."""
    of = ("--uuid", mapping)
    get = ("lambda", "get-event-source-mapping", *of)
    listing = ("lambda", "list-event-source-mappings", "--event-source-arn", cluster)
    ids = shell.aws(*listing, "--max-items", "5", "--query", "EventSourceMappings[].UUID")
    assert ids == [mapping]
    update = ("lambda", "update-event-source-mapping", *of, "--batch-size", "10", "--no-enabled")
    assert shell.text("State", *update) == "Disabling"
    until(lambda: shown(shell, mapping)["State"] == "Disabled", "the mapping to be disabled")
    assert shell.text("[State, BatchSize]", *get).split() == ["Disabled", "10"]
    assert shell.text("State", "lambda", "delete-event-source-mapping", *of) == "Deleting"
    gone = (
        "An error occurred (ResourceNotFoundException) when calling the GetEventSourceMapping "
        "operation: The resource you requested does not exist."
    )

    def is_gone() -> bool:
        try:
            shown(shell, mapping)
        except ClientError:
            return True
        return False

    until(is_gone, "the mapping to be gone")
    assert shell.refusal(*get) == gone


def shown(shell: Shell, mapping: str) -> dict[str, Any]:
    """The mapping, for who waits: each start of the CLI takes half a second of the processor from
    what is waited for."""
    found: dict[str, Any] = shell.server.client("lambda").get_event_source_mapping(UUID=mapping)
    return found
