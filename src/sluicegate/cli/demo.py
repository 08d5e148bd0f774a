"""`sluicegate demo`: the story so far, told with boto3 against a throw-away `serve`.

It is a user: it knows the endpoint and the credentials that `serve` printed and wrote, nothing
else of Sluicegate.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from ..errors import StartRefused
from ..settings import Settings

_WIDTH = 100


class StepFailed(Exception):
    """The story did not go as told."""


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key, with the token of temporary ones."""

    access_key: str
    secret_key: str
    token: str | None = None


@dataclass(slots=True)
class Story:
    """Prints numbered steps: what was asked, and what came back."""

    endpoint: str
    region: str
    count: int = field(default=0)

    def client(self, service: str, keys: Keys) -> Any:
        """A boto3 client as anybody would make it."""
        session = boto3.Session(keys.access_key, keys.secret_key, keys.token, self.region)
        retries = Config(retries={"total_max_attempts": 1})
        return session.client(service, endpoint_url=self.endpoint, config=retries)

    def tell(self, title: str) -> None:
        """Begin a step."""
        self.count += 1
        print(f"\n{self.count}. {title}")

    def ask(self, who: str, call: Callable[..., Any], /, **parameters: Any) -> Any:
        """Make a call that must succeed, and show it."""
        self._show_call(who, call, parameters)
        return call(**parameters)

    def refused(self, who: str, call: Callable[..., Any], /, **parameters: Any) -> str:
        """Make a call that must be denied, and show why it was; the id of the decision."""
        self._show_call(who, call, parameters)
        try:
            call(**parameters)
        except ClientError as error:
            shown = error.response["Error"]
            self.show("denied", f"{shown['Code']}: {shown['Message']}")
            if not shown["Code"].startswith("AccessDenied"):
                raise StepFailed(f"expected a denial, got {shown['Code']}") from None
            headers = error.response["ResponseMetadata"]["HTTPHeaders"]
            decision_id: str = headers["x-sluicegate-authorization-id"]
            return decision_id
        raise StepFailed("the call was allowed, and must not be")

    def show(self, label: str, text: str) -> None:
        """One thing that came back."""
        lines = textwrap.wrap(text, _WIDTH - 14, break_long_words=False, break_on_hyphens=False)
        print(f"   {label:<9} " + "\n             ".join(lines))

    def _show_call(self, who: str, call: Callable[..., Any], parameters: Mapping[str, Any]) -> None:
        given = ", ".join(f"{key}={_short(value)}" for key, value in parameters.items())
        self.show(who, f"{call.__name__}({given})")


def demo(settings: Settings, *, keep: bool) -> int:
    """Tell the story; 0 when it went as told, 1 when not."""
    with tempfile.TemporaryDirectory(prefix="sluicegate-demo-") as folder:
        started = time.monotonic()
        with _served(Path(folder)) as endpoint:
            print(
                f"sluicegate serve answers at {endpoint} after {time.monotonic() - started:.1f} s"
            )
            story = Story(endpoint, settings.region)
            try:
                _tell(story, _root_keys(Path(folder)))
            except (StepFailed, ClientError) as error:
                print(f"\nsluicegate demo: step {story.count}: {error}", file=sys.stderr)
                return 1
            print(f"\nAll {story.count} steps went as on AWS.")
            if keep:
                _wait(endpoint, folder)
    return 0


def _tell(story: Story, root: Keys) -> None:
    iam = story.client("iam", root)
    alice = _a_new_user(story, iam)
    _denied_then_allowed(story, iam, root, alice)
    session = _an_assumed_role(story, iam, alice)
    _a_secret(story, iam, root, session)
    _logs(story, session)
    _network(story, alice, session)


def _a_new_user(story: Story, iam: Any) -> Keys:
    story.tell("A new user, with an access key and nothing else")
    story.ask("root", iam.create_user, UserName="alice")
    key = story.ask("root", iam.create_access_key, UserName="alice")["AccessKey"]
    keys = Keys(key["AccessKeyId"], key["SecretAccessKey"])
    identity = story.ask("alice", story.client("sts", keys).get_caller_identity)
    story.show("is", identity["Arn"])
    return keys


def _denied_then_allowed(story: Story, iam: Any, root: Keys, alice: Keys) -> None:
    kafka, her_iam = story.client("kafka", alice), story.client("iam", alice)
    story.tell("By default she may do nothing")
    story.refused("alice", kafka.list_clusters)
    story.refused("alice", her_iam.list_users)
    story.tell("A policy is attached, and holds from the next call on")
    managed = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    story.ask("root", iam.attach_user_policy, UserName="alice", PolicyArn=managed)
    users = story.ask("alice", her_iam.list_users)["Users"]
    story.show("allowed", f"{len(users)} user: {users[0]['Arn']}")
    story.tell("It allows what it says and no more; an explicit Deny wins over it")
    story.refused("alice", her_iam.create_user, UserName="mallory")
    deny = _policy("Deny", "iam:List*", "*")
    put = iam.put_user_policy
    story.ask("root", put, UserName="alice", PolicyName="no-lists", PolicyDocument=deny)
    decision_id = story.refused("alice", her_iam.list_users)
    story.tell("Every decision is kept; who may, can ask which statement made it")
    toolbox = story.client("iam-toolbox", root)
    ask = toolbox.get_request_authorization_details
    details = story.ask("root", ask, authorizationId=decision_id)
    for matched in details["evaluations"][0]["matchedPolicies"]:
        effects = [each["evaluatedEffect"] for each in matched["matchedStatements"]]
        story.show("because", f"{', '.join(effects)} in {matched['uri']}")
    story.show("or so", f"sluicegate explain {decision_id}")
    story.ask("root", iam.delete_user_policy, UserName="alice", PolicyName="no-lists")


def _an_assumed_role(story: Story, iam: Any, alice: Keys) -> Keys:
    story.tell("A role that trusts the account; who assumes it needs a permission as well")
    account = iam.get_user(UserName="alice")["User"]["Arn"].split(":")[4]
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "sts:AssumeRole",
            },
        }
    )
    create = iam.create_role
    role = story.ask("root", create, RoleName="orders", AssumeRolePolicyDocument=trust)["Role"]
    sts = story.client("sts", alice)
    assume = {"RoleArn": role["Arn"], "RoleSessionName": "demo"}
    story.refused("alice", sts.assume_role, **assume)
    allow = _policy("Allow", "sts:AssumeRole", role["Arn"])
    put = iam.put_user_policy
    story.ask("root", put, UserName="alice", PolicyName="be-orders", PolicyDocument=allow)
    given = story.ask("alice", sts.assume_role, **assume)["Credentials"]
    keys = Keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    identity = story.ask("orders", story.client("sts", keys).get_caller_identity)
    story.show("is", identity["Arn"])
    return keys


def _a_secret(story: Story, iam: Any, root: Keys, session: Keys) -> None:
    story.tell("A secret under a key of our own: reading it takes two permissions")
    kms = story.client("kms", root)
    key = story.ask("root", kms.create_key, Description="orders")["KeyMetadata"]
    value = json.dumps({"username": "orders", "password": "made-up-for-the-demo"})
    manager = story.client("secretsmanager", root)
    create = manager.create_secret
    secret = story.ask(
        "root", create, Name="AmazonMSK_orders", KmsKeyId=key["KeyId"], SecretString=value
    )
    mine = story.client("secretsmanager", session)
    read = {"SecretId": secret["ARN"]}
    story.refused("orders", mine.get_secret_value, **read)
    story.tell("With secretsmanager:GetSecretValue alone the key still refuses")
    allow = _policy("Allow", "secretsmanager:GetSecretValue", secret["ARN"])
    put = iam.put_role_policy
    story.ask("root", put, RoleName="orders", PolicyName="secret", PolicyDocument=allow)
    story.refused("orders", mine.get_secret_value, **read)
    allow = _policy("Allow", "kms:Decrypt", key["Arn"])
    story.ask("root", put, RoleName="orders", PolicyName="key", PolicyDocument=allow)
    got = story.ask("orders", mine.get_secret_value, **read)
    story.show("allowed", f"version {got['VersionId']}, user name {_user_name(got)}")
    managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"
    story.tell(f"{managed.rpartition('/')[2]}, as AWS ships it")
    story.ask("root", iam.attach_role_policy, RoleName="orders", PolicyArn=managed)


def _logs(story: Story, session: Keys) -> None:
    logs = story.client("logs", session)
    group, stream = "/aws/lambda/orders", "demo"
    story.ask("orders", logs.create_log_group, logGroupName=group)
    name = {"logGroupName": group, "logStreamName": stream}
    story.ask("orders", logs.create_log_stream, **name)
    event = {"timestamp": int(time.time() * 1000), "message": "10 orders handled"}
    story.ask("orders", logs.put_log_events, **name, logEvents=[event])
    # AWSLambdaMSKExecutionRole lets a function write its log, not read it.
    story.refused("orders", logs.get_log_events, **name)


def _network(story: Story, alice: Keys, session: Keys) -> None:
    story.tell("A fresh account has a default VPC; the role may see it, alice may not")
    ec2 = story.client("ec2", session)
    vpc = story.ask("orders", ec2.describe_vpcs)["Vpcs"][0]
    story.show("allowed", f"{vpc['VpcId']} {vpc['CidrBlock']}")
    try:
        story.ask("alice", story.client("ec2", alice).describe_vpcs)
    except ClientError as error:
        shown = error.response["Error"]
        story.show("denied", f"{shown['Code']}: {shown['Message'].split(' Encoded')[0]}")
    else:
        raise StepFailed("the call was allowed, and must not be")


def _policy(effect: str, action: str, resource: str) -> str:
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _user_name(answer: Mapping[str, Any]) -> str:
    name: str = json.loads(answer["SecretString"])["username"]
    return name


def _short(value: object) -> str:
    text = str(value)
    if "password" in text:
        return "…"
    return text if len(text) <= 140 else text[:139] + "…"


@contextmanager
def _served(state: Path) -> Iterator[str]:
    """A `serve` of our own on a free port; its endpoint."""
    # Settings of the user's shell are for their own serve, not for a throw-away one.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SLUICEGATE_")}
    command = [
        sys.executable,
        "-m",
        "sluicegate.cli",
        "serve",
        "--state",
        str(state),
        "--port",
        "0",
    ]
    process = subprocess.Popen(  # noqa: S603 - our own module, no input in it
        command, stdout=subprocess.PIPE, text=True, env=environment, cwd=state
    )
    assert process.stdout is not None
    try:
        facts = {}
        for line in process.stdout:
            if line == "Ready.\n":
                break
            name, _, value = line.strip().partition(" ")
            facts[name] = value.strip()
        if "endpoint" not in facts:
            raise StartRefused("`sluicegate serve` did not start; its reason stands above")
        yield facts["endpoint"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        process.stdout.close()


def _root_keys(state: Path) -> Keys:
    kept = json.loads((state / "root-credentials.json").read_text())
    return Keys(kept["AccessKeyId"], kept["SecretAccessKey"])


def _wait(endpoint: str, folder: str) -> None:
    print(f"\nIt goes on at {endpoint} until Ctrl-C. In another shell:")
    port = endpoint.rpartition(":")[2]
    print(f'  eval "$(.venv/bin/sluicegate env --state {folder} --port {port})"')
    print("  aws iam list-users")
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()
