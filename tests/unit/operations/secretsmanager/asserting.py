"""What a client saw when it was refused, and policies in a word."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
ARN = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
TOKENS = tuple(f"{index:032}" for index in range(10))
"""Version ids to give."""

NOT_FOUND = ("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
DELETED = (
    "InvalidRequestException",
    "You can't perform this operation on the secret because it was marked for deletion.",
)


def refused(operation: Callable[..., Any], **params: Any) -> tuple[str, str]:
    """Code and message of the error a call ends with; it must be AWS's 400."""
    with pytest.raises(ClientError) as caught:
        operation(**params)
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return response["Error"]["Code"], response["Error"]["Message"]


def allow(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A policy of one statement that allows `actions`."""
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}],
    }


def no_policy(action: str, resource: str, user: str = ALICE) -> str:
    """AWS's sentence for what no identity policy allows."""
    return (
        f"User: {user} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )
