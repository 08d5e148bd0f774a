from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluicegate.testing import Endpoint

ARN = "arn:aws:logs:us-east-1:000000000000:log-group:g"


@pytest.fixture
def logs(endpoint: Endpoint) -> Any:
    client = endpoint.client("logs")
    client.create_log_group(logGroupName="g", tags={"a": "1"})
    return client


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    answer: Any = error.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"]


def test_tags_are_added_shown_and_removed_by_arn(logs: Any) -> None:
    logs.tag_resource(resourceArn=ARN, tags={"a": "2", "b": ""})
    assert logs.list_tags_for_resource(resourceArn=ARN)["tags"] == {"a": "2", "b": ""}
    logs.untag_resource(resourceArn=ARN, tagKeys=["a", "never there"])
    assert logs.list_tags_for_resource(resourceArn=ARN)["tags"] == {"b": ""}


def test_tags_are_added_shown_and_removed_by_name(logs: Any) -> None:
    logs.tag_log_group(logGroupName="g", tags={"b": "2"})
    assert logs.list_tags_log_group(logGroupName="g")["tags"] == {"a": "1", "b": "2"}
    logs.untag_log_group(logGroupName="g", tags=["a"])
    assert logs.list_tags_log_group(logGroupName="g")["tags"] == {"b": "2"}


def test_a_group_has_fifty_tags_at_most(logs: Any) -> None:
    forty_nine = {f"k{number}": "" for number in range(49)}
    logs.tag_resource(resourceArn=ARN, tags=forty_nine)
    with pytest.raises(ClientError) as error:
        logs.tag_resource(resourceArn=ARN, tags={"more": ""})
    assert refusal(error)[0] == "TooManyTagsException"
    answer: Any = error.value.response
    assert answer["resourceName"] == ARN
    with pytest.raises(ClientError) as error:
        logs.tag_log_group(logGroupName="g", tags={"more": ""})
    assert refusal(error)[0] == "InvalidParameterException"


def test_keys_of_aws_are_refused(logs: Any) -> None:
    for call, given in (
        ("tag_resource", {"resourceArn": ARN}),
        ("tag_log_group", {"logGroupName": "g"}),
        ("create_log_group", {"logGroupName": "h"}),
    ):
        with pytest.raises(ClientError) as error:
            getattr(logs, call)(**given, tags={"aws:mine": "x"})
        assert refusal(error)[0] == "InvalidParameterException"


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("g", "InvalidParameterException"),
        (ARN + "h", "ResourceNotFoundException"),
        (ARN.replace("log-group", "destination"), "ResourceNotFoundException"),
        (ARN.replace("us-east-1", "eu-west-1"), "ResourceNotFoundException"),
    ],
)
def test_what_is_no_group_has_no_tags(logs: Any, arn: str, code: str) -> None:
    with pytest.raises(ClientError) as error:
        logs.list_tags_for_resource(resourceArn=arn)
    assert refusal(error)[0] == code
