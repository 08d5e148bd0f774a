"""Functions made, read, listed and deleted, in the shapes AWS answers with."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

from tests.unit.operations.asserting import ACCOUNT, refused
from tests.unit.operations.lambda_.asserting import (
    ARN,
    ROLE,
    made,
    role,
    trusting,
    with_code,
    zipped,
)

from sluicegate.testing import Endpoint
from sluicegate.wire.message import Request


def test_create_answers_pending_and_the_next_read_active(endpoint: Endpoint) -> None:
    answer = made(endpoint)
    code = zipped()
    digest = base64.b64encode(hashlib.sha256(code).digest()).decode()
    revision, modified = answer.pop("RevisionId"), answer.pop("LastModified")
    runtime = answer.pop("RuntimeVersionConfig")["RuntimeVersionArn"]
    assert runtime.startswith("arn:aws:lambda:us-east-1::runtime:") and modified.endswith("+0000")
    assert answer == {
        "Architectures": ["x86_64"],
        "CodeSha256": digest,
        "CodeSize": len(code),
        "Description": "",
        "EphemeralStorage": {"Size": 512},
        "FunctionArn": f"{ARN}:orders",
        "FunctionName": "orders",
        "Handler": "handler.handle",
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/orders"},
        "MemorySize": 128,
        "PackageType": "Zip",
        "Role": ROLE,
        "Runtime": "python3.11",
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "State": "Pending",
        "StateReason": "The function is being created.",
        "StateReasonCode": "Creating",
        "Timeout": 3,
        "TracingConfig": {"Mode": "PassThrough"},
        "Version": "$LATEST",
    }
    read = endpoint.client("lambda").get_function_configuration(FunctionName="orders")
    assert (read["State"], read["LastUpdateStatus"]) == ("Active", "Successful")
    assert "StateReason" not in read and read["RevisionId"] == revision


def test_a_function_is_invoked(endpoint: Endpoint) -> None:
    made(endpoint)
    client = endpoint.client("lambda")
    answer = client.invoke(FunctionName="orders", Payload=b'{"a": 1}', LogType="Tail")
    assert json.load(answer["Payload"]) == {"a": 1}
    assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST"
    ((version, invocation),) = endpoint.functions.invoked
    assert (version.code / "handler.py").read_text() == "def handle(e, c): return e"
    assert version.arn == invocation.invoked_arn == f"{ARN}:orders"
    assert version.log_group == "/aws/lambda/orders" and version.role_arn == ROLE


def test_a_name_that_is_taken(endpoint: Endpoint) -> None:
    made(endpoint)
    assert refused(endpoint.client("lambda").create_function, status=409, **with_code()) == (
        "ResourceConflictException",
        "Function already exist: orders",
    )


def test_get_function_shows_tags_concurrency_and_a_url_of_the_code(endpoint: Endpoint) -> None:
    made(endpoint, Tags={"team": "one"})
    client = endpoint.client("lambda")
    answer = client.get_function(FunctionName=f"{ARN}:orders")
    assert answer["Tags"] == {"team": "one"} == client.list_tags(Resource=f"{ARN}:orders")["Tags"]
    assert answer["Code"]["RepositoryType"] == "S3"
    assert fetched(endpoint, answer["Code"]["Location"]) == (200, zipped())


def test_the_url_of_the_code_ends_after_ten_minutes_and_cannot_be_made_up(
    endpoint: Endpoint,
) -> None:
    made(endpoint)
    url = endpoint.client("lambda").get_function(FunctionName="orders")["Code"]["Location"]
    # Not the last ones, of which some bits say nothing.
    another = "B" if url[-6] == "A" else "A"
    assert fetched(endpoint, url[:-6] + another + url[-5:])[0] == 404
    assert fetched(endpoint, url.rpartition("/")[0] + "/é%00")[0] == 404
    assert fetched(endpoint, url, method="POST")[0] == 404
    endpoint.clock.advance(seconds=599)
    assert fetched(endpoint, url)[0] == 200
    endpoint.clock.advance(seconds=1)
    assert fetched(endpoint, url)[0] == 404


def test_a_deleted_function_leaves_nothing(endpoint: Endpoint) -> None:
    made(endpoint, Publish=True)
    client = endpoint.client("lambda")
    url = client.get_function(FunctionName="orders")["Code"]["Location"]
    answer = client.delete_function(FunctionName="orders")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert fetched(endpoint, url)[0] == 404
    assert list((endpoint.state / "packages").iterdir()) == []
    assert endpoint.functions.retired == [f"{ARN}:orders"]
    assert refused(client.get_function, status=404, FunctionName="orders") == (
        "ResourceNotFoundException",
        f"Function not found: {ARN}:orders",
    )
    made(endpoint)


def fetched(endpoint: Endpoint, url: str, method: str = "GET") -> tuple[int, bytes]:
    """Status and body of what an unsigned client gets at a URL."""
    parts = urlsplit(url)
    headers = (("host", parts.netloc),)
    answer = endpoint.answer(Request(method, parts.path, parts.query, headers, b""))
    return answer.status, answer.body


def test_a_function_of_another_region(endpoint: Endpoint) -> None:
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:orders"
    assert refused(endpoint.client("lambda").get_function, status=404, FunctionName=arn) == (
        "ResourceNotFoundException",
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    )


def test_lists_come_in_pages_of_fifty_at_most(endpoint: Endpoint) -> None:
    names = [f"f{number:02}" for number in range(52)]
    for name in names:
        made(endpoint, name)
    client = endpoint.client("lambda")
    first = client.list_functions(MaxItems=1000)
    assert [each["FunctionName"] for each in first["Functions"]] == names[:50]
    second = client.list_functions(Marker=first["NextMarker"])
    assert [each["FunctionName"] for each in second["Functions"]] == names[50:]
    assert "NextMarker" not in second and "State" not in second["Functions"][0]
    pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 7})
    assert sum(len(page["Functions"]) for page in pages) == 52


def test_waiters_find_what_they_wait_for_at_once(endpoint: Endpoint) -> None:
    made(endpoint)
    client = endpoint.client("lambda")
    client.publish_version(FunctionName="orders")
    for name in client.waiter_names:
        client.get_waiter(name).wait(
            FunctionName="orders",
            Qualifier="1",
            WaiterConfig={"MaxAttempts": 1},
        )


def test_a_role_that_does_not_trust_lambda(endpoint: Endpoint) -> None:
    message = "The role defined for the function cannot be assumed by Lambda."
    endpoint.role("worker", trust=trusting("ec2.amazonaws.com"))
    client = endpoint.client("lambda")
    assert refused(client.create_function, **with_code())[1] == message
    missing = f"arn:aws:iam::{ACCOUNT}:role/missing"
    assert refused(client.create_function, **with_code(Role=missing))[1] == message
    assert list((endpoint.state / "packages").glob("*")) == []


def test_code_for_another_architecture_is_refused(endpoint: Endpoint) -> None:
    made(endpoint, Architectures=["x86_64"])
    client = endpoint.client("lambda")
    new = {"FunctionName": "orders", "ZipFile": zipped(new="x")}
    message = "Architecture arm64 is not available on this host: it is x86_64."
    for more in ({}, {"DryRun": True}):
        given: dict[str, Any] = {**new, **more, "Architectures": ["arm64"]}
        assert refused(client.update_function_code, **given) == (INVALID, message)
    assert client.update_function_code(**new)["Architectures"] == ["x86_64"]


def test_levels_come_with_json_and_go_with_text(endpoint: Endpoint) -> None:
    made(endpoint)
    client = endpoint.client("lambda")

    def change(**logging: str) -> dict[str, Any]:
        given: dict[str, Any] = {"FunctionName": "orders", "LoggingConfig": logging}
        answer = client.update_function_configuration(**given)["LoggingConfig"]
        assert client.get_function_configuration(FunctionName="orders")["LoggingConfig"] == answer
        return dict(answer)

    text = {"LogFormat": "Text", "LogGroup": "/aws/lambda/orders"}
    levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}
    assert change(LogFormat="JSON") == text | {"LogFormat": "JSON"} | levels
    assert change(SystemLogLevel="WARN")["SystemLogLevel"] == "WARN"
    client.invoke(FunctionName="orders")
    run = endpoint.functions.invoked[-1][0]
    assert (run.log_format, run.log_level, run.system_log_level) == ("JSON", "INFO", "WARN")
    refusal = "To configure ApplicationLogLevel or SystemLogLevel, use JSON LogFormat."
    for level in levels:
        with_level = {"LogFormat": "Text", level: "DEBUG"}
        given: dict[str, Any] = {"FunctionName": "orders", "LoggingConfig": with_level}
        assert refused(client.update_function_configuration, **given) == (INVALID, refusal)
    assert change(LogFormat="Text") == text
    assert change(LogFormat="JSON") == text | {"LogFormat": "JSON"} | levels


def test_what_is_refused_of_a_new_function(endpoint: Endpoint) -> None:
    role(endpoint)
    client = endpoint.client("lambda")
    for params, code, message in REFUSED:
        answer = refused(client.create_function, **with_code(**params))
        assert answer[0] == code, params
        assert answer[1].startswith(message), params


INVALID = "InvalidParameterValueException"
REFUSED: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"Runtime": "python3.7"}, INVALID, "The runtime parameter of python3.7 is no longer"),
    ({"Runtime": "x"}, INVALID, "Value x at 'runtime' failed to satisfy constraint: Member"),
    (
        {"Runtime": "python3.12"},
        INVALID,
        "Runtime python3.12 is not available on this host: no python3.12 interpreter was found. "
        "Available: python3.11, provided.al2023, provided.al2.",
    ),
    (
        {"Architectures": ["arm64"]},
        INVALID,
        "Architecture arm64 is not available on this host: it is x86_64.",
    ),
    ({"Runtime": None}, INVALID, "Runtime and Handler are mandatory parameters for functions"),
    ({"Code": {}}, INVALID, "Please provide a source for function code."),
    (
        {"Code": {"S3Bucket": "bucket", "S3Key": "key"}},
        INVALID,
        "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The "
        "specified bucket does not exist",
    ),
    ({"Code": {"ImageUri": "x"}}, INVALID, "ImageUri is not served"),
    ({"Code": {"ZipFile": b"no zip"}}, INVALID, "Could not unzip uploaded file. Please check your"),
    ({"Code": {"ZipFile": b""}}, INVALID, "Could not unzip uploaded file."),
    ({"Timeout": 901}, "ValidationException", "1 validation error detected: Value '901' at"),
    ({"MemorySize": 10241}, "ValidationException", "1 validation error detected: Value '10241'"),
    ({"FunctionName": "x" * 65}, INVALID, "1 validation error detected: Value 'xxx"),
    ({"FunctionName": "orders:1"}, "ValidationException", "1 validation error detected: Value 'or"),
    ({"Tags": {"aws:x": "y"}}, INVALID, "Tag keys beginning with aws: are reserved"),
    ({"Tags": {f"{n}": "" for n in range(51)}}, INVALID, "Number of tags exceeds resource tag"),
    ({"Layers": [f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:x:1"]}, INVALID, "Layer version arn"),
    (
        {"LoggingConfig": {"SystemLogLevel": "INFO"}},
        INVALID,
        "To configure ApplicationLogLevel or SystemLogLevel",
    ),
    ({"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:::q"}}, INVALID, "DeadLetterConfig is not s"),
)
