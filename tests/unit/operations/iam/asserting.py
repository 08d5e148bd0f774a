"""What the tests of IAM say over and over."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

ARN = "arn:aws:iam::000000000000"
AWS_POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"


def document(**statement: Any) -> str:
    """An identity policy of one statement."""
    whole = {"Effect": "Allow", "Action": "kafka:ListClusters", "Resource": "*", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": [whole]})


def trusting(*arns: str) -> str:
    """A trust policy for AWS principals, or for Lambda when none is named."""
    principal: Any = {"AWS": list(arns)} if arns else {"Service": "lambda.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refused(call: Any, **params: Any) -> tuple[int, str, str]:
    """Status, code and message of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    answer = caught.value.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status, answer["Error"]["Code"], answer["Error"]["Message"]
