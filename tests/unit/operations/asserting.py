"""What tests of operations say of calls and permissions, whatever the service."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"


def refused(operation: Callable[..., Any], *, status: Any = 400, **params: Any) -> tuple[str, str]:
    """Code and message of the error a call ends with."""
    with pytest.raises(ClientError) as caught:
        operation(**params)
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status, response
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
