"""What is done as an execution role, against the real control path in this process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.system.waiting import until
from tests.unit.execution.surveying import ARN, TRUST

from sluicegate.errors import AwsError
from sluicegate.execution import ExecutionRoles, FunctionLogs
from sluicegate.functions import Credentials, FunctionVersion
from sluicegate.testing import Endpoint
from sluicegate.wire.client import Credentials as Signing


def allowing(*actions: str, **condition: dict[str, str]) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": statement}


class Bench:
    """An execution role, who acts as it, and its function."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.roles = ExecutionRoles(self.client, endpoint.vault, endpoint.clock)
        self.logs = FunctionLogs(self.client, self.roles)
        role = endpoint.role("orders", trust=TRUST)
        self.version = FunctionVersion(
            arn=ARN,
            name="orders",
            version="$LATEST",
            revision="r1",
            runtime="python3.11",
            handler="app.handler",
            code=Path("/nowhere"),
            role_arn=role,
            account="000000000000",
            region="us-east-1",
            log_group="/aws/lambda/orders",
            memory_mb=128,
            ephemeral_mb=512,
            timeout_seconds=3,
            environment={},
        )

    def client(self, service: str, region: str, credentials: Credentials) -> Any:
        signing = Signing(credentials.access_key, credentials.secret_key, credentials.token)
        return self.endpoint.client(service, region=region, credentials=signing)

    def allow(self, *actions: str, **condition: dict[str, str]) -> None:
        document = json.dumps(allowing(*actions, **condition))
        iam = self.endpoint.client("iam")
        iam.put_role_policy(RoleName="orders", PolicyName="given", PolicyDocument=document)

    def log(self, *lines: str) -> None:
        now_ms = self.endpoint.clock.now_ms()
        self.logs.write(self.version, "stream", [(now_ms, line) for line in lines])
        assert self.logs.flush()

    def logged(self) -> list[str]:
        logs = self.endpoint.client("logs")
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/aws/lambda/orders")
        return [event["message"] for page in pages for event in page["events"]]

    @property
    def groups(self) -> list[str]:
        found = self.endpoint.client("logs").describe_log_groups()["logGroups"]
        return [group["logGroupName"] for group in found]


@pytest.fixture
def bench(endpoint: Endpoint) -> Iterator[Bench]:
    """A role that may do nothing yet."""
    made = Bench(endpoint)
    yield made
    made.logs.close()


def test_function_code_signs_as_the_role_on_behalf_of_the_function(bench: Bench) -> None:
    sts = bench.client("sts", "us-east-1", bench.roles.credentials(bench.version))
    assert sts.get_caller_identity()["Arn"] == (
        "arn:aws:sts::000000000000:assumed-role/orders/orders"
    )
    iam = bench.client("iam", "us-east-1", bench.roles.credentials(bench.version))
    bench.allow("iam:ListUsers", ArnEquals={"lambda:SourceFunctionArn": ARN + "-other"})
    with pytest.raises(ClientError, match="no identity-based policy allows"):
        iam.list_users()
    bench.allow("iam:ListUsers", ArnEquals={"lambda:SourceFunctionArn": ARN})
    assert iam.list_users()["Users"] == []


def test_a_session_is_kept_for_most_of_its_life(bench: Bench) -> None:
    first = bench.roles.credentials(bench.version)
    bench.endpoint.clock.advance(seconds=40 * 60)
    assert bench.roles.credentials(bench.version) == first
    bench.endpoint.clock.advance(seconds=10 * 60)
    assert bench.roles.credentials(bench.version) != first


def test_a_role_that_does_not_trust_lambda_is_not_assumed(bench: Bench) -> None:
    nobody = json.dumps({**TRUST, "Statement": {**TRUST["Statement"], "Effect": "Deny"}})  # type: ignore[dict-item]
    iam = bench.endpoint.client("iam")
    iam.update_assume_role_policy(RoleName="orders", PolicyDocument=nobody)
    with pytest.raises(AwsError, match="cannot be assumed by Lambda") as refused:
        bench.roles.credentials(bench.version)
    assert refused.value.status == 403


def test_the_first_line_makes_group_and_stream(bench: Bench) -> None:
    bench.allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
    bench.log("one", "two")
    bench.log("three")
    assert bench.logged() == ["one", "two", "three"]
    assert bench.logs.lost == 0


def test_without_permission_to_make_the_group_there_is_none(bench: Bench) -> None:
    bench.allow("logs:CreateLogStream", "logs:PutLogEvents")
    bench.log("lost")
    assert bench.groups == [] and bench.logs.lost == 1
    bench.allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
    bench.log("kept")
    assert bench.logged() == ["kept"]


def test_without_permission_to_make_the_stream_the_group_stays_empty(bench: Bench) -> None:
    bench.allow("logs:CreateLogGroup", "logs:PutLogEvents")
    bench.log("lost")
    assert bench.groups == ["/aws/lambda/orders"]
    streams = bench.endpoint.client("logs").describe_log_streams(logGroupName="/aws/lambda/orders")
    assert streams["logStreams"] == []


def test_without_permission_to_write_the_stream_stays_empty(bench: Bench) -> None:
    bench.allow("logs:CreateLogGroup", "logs:CreateLogStream")
    bench.log("lost")
    streams = bench.endpoint.client("logs").describe_log_streams(logGroupName="/aws/lambda/orders")
    assert [each["logStreamName"] for each in streams["logStreams"]] == ["stream"]
    assert bench.logged() == [] and bench.logs.lost == 1


def test_a_group_that_is_there_needs_no_permission_to_make_one(bench: Bench) -> None:
    bench.endpoint.client("logs").create_log_group(logGroupName="/aws/lambda/orders")
    bench.allow("logs:CreateLogStream", "logs:PutLogEvents")
    bench.log("kept")
    assert bench.logged() == ["kept"]


def test_a_group_that_is_deleted_is_made_again(bench: Bench) -> None:
    bench.allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
    bench.log("one")
    bench.endpoint.client("logs").delete_log_group(logGroupName="/aws/lambda/orders")
    bench.log("two")
    assert bench.logged() == ["two"]


def test_more_than_one_call_may_hold_is_several(bench: Bench) -> None:
    bench.allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
    bench.log(*("x" * 250_000 for _ in range(9)))
    assert len(bench.logged()) == 9


def test_output_without_end_is_lost_beyond_what_may_wait(bench: Bench) -> None:
    now_ms = bench.endpoint.clock.now_ms()
    # Nothing is allowed: it is as if the log could not be written at all.
    for _ in range(40):
        bench.logs.write(bench.version, "stream", [(now_ms, "x" * 1_000_000)])
    assert bench.logs.flush()
    assert bench.logs.lost == 40


def test_a_flush_writes_what_still_waits_for_company(bench: Bench) -> None:
    bench.allow("logs:*")
    # Where no time passes, nothing is ever due.
    bench.logs = FunctionLogs(bench.client, bench.roles, monotonic=lambda: 0.0)
    bench.log("first")
    bench.log("second", "third")
    assert bench.logged() == ["first", "second", "third"] and bench.logs.lost == 0
    bench.logs.close()


def test_what_fills_a_call_waits_for_no_more(bench: Bench) -> None:
    bench.allow("logs:*")
    bench.logs = FunctionLogs(bench.client, bench.roles, monotonic=lambda: 0.0)
    now_ms = bench.endpoint.clock.now_ms()
    for _ in range(6):
        bench.logs.write(bench.version, "stream", [(now_ms, "x" * 200_000)])
    until(lambda: bench.groups != [] and len(bench.logged()) == 6, "six lines")
    bench.logs.close()
