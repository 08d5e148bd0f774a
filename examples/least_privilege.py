"""The smallest policy: an application that may read one secret, and nothing beside it.

With `sluicegate serve` running, in another shell:

    eval "$(sluicegate env)"
    python examples/least_privilege.py

It makes a user and two secrets and takes them away again.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Protocol

import boto3
from botocore.exceptions import ClientError


class Clients(Protocol):
    """Makes an AWS client that signs with `key`, an IAM access key, or else as you."""

    def __call__(self, service: str, key: Mapping[str, str] | None = None) -> Any:
        """A client of `service`."""


def clients(service: str, key: Mapping[str, str] | None = None) -> Any:
    """Clients of boto3, pointed at the endpoint that the environment names."""
    if key is None:
        return boto3.client(service)
    return boto3.client(
        service,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def run(client: Clients) -> None:
    """Tell it: denied, then given the smallest policy, then allowed just that."""
    iam, secrets = client("iam"), client("secretsmanager")
    suffix = uuid.uuid4().hex[:8]
    user = f"orders-app-{suffix}"
    with ExitStack() as cleanup:
        mine = _secret(secrets, cleanup, f"orders/{suffix}")
        others = _secret(secrets, cleanup, f"payroll/{suffix}")
        key = _user(iam, cleanup, user)
        app = client("secretsmanager", key)

        print("Without a policy:")
        _try("read the orders secret", app.get_secret_value, SecretId=mine)

        print("\nWith the smallest policy that names the action and the resource of that denial:")
        policy = _policy("secretsmanager:GetSecretValue", mine)
        print(json.dumps(policy, indent=2))
        iam.put_user_policy(UserName=user, PolicyName="read", PolicyDocument=json.dumps(policy))
        cleanup.callback(iam.delete_user_policy, UserName=user, PolicyName="read")
        _try("read the orders secret", app.get_secret_value, SecretId=mine)
        _try("change it", app.put_secret_value, SecretId=mine, SecretString="other")
        _try("read the payroll secret", app.get_secret_value, SecretId=others)


def _secret(secrets: Any, cleanup: ExitStack, name: str) -> str:
    arn: str = secrets.create_secret(Name=name, SecretString="made up")["ARN"]
    cleanup.callback(secrets.delete_secret, SecretId=arn, ForceDeleteWithoutRecovery=True)
    return arn


def _user(iam: Any, cleanup: ExitStack, name: str) -> Mapping[str, str]:
    iam.create_user(UserName=name)
    cleanup.callback(iam.delete_user, UserName=name)
    key: Mapping[str, str] = iam.create_access_key(UserName=name)["AccessKey"]
    cleanup.callback(iam.delete_access_key, UserName=name, AccessKeyId=key["AccessKeyId"])
    return key


def _policy(action: str, resource: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _try(what: str, call: Callable[..., Any], **parameters: Any) -> None:
    try:
        call(**parameters)
    except ClientError as error:
        print(f"  {what}: denied\n    {error.response['Error']['Message']}")
    else:
        print(f"  {what}: allowed")


if __name__ == "__main__":
    run(clients)
