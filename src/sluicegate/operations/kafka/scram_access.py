"""How MSK comes to read a secret of users: a statement in its policy, a grant on its key.

The statement is written by the service-linked role, the grant made with the caller's permissions;
then MSK reads the secret as itself, as it will each time from then on. What is wrong with a secret
is raised as the refusal of just this one, in the words of `unprocessedScramSecrets`.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ... import iam, scram
from ...arn import Arn
from ...errors import AccessDenied, AwsError, Unavailable
from ...store import scram_secrets
from ...store.clusters import Cluster
from ...store.scram_secrets import ScramSecret
from ..operation import Call
from . import acting, key_grants

SID = "AWSKafkaResourcePolicy"
"""The statement by which MSK reads a secret."""

PREFIX = "AmazonMSK_"
"""How the name of a secret begins that MSK may read."""

_RESOURCE = "secret:"
_DEFAULT_KEY = "alias/aws/secretsmanager"

_INACCESSIBLE = "Amazon MSK wasn't able to access the provided secret."
_NO_MSK_NAME = (
    "The provided secret arn cannot be used with Amazon MSK. "
    "Secret names must have the prefix 'AmazonMSK_'"
)
_NO_SECRET = "The provided ARN is not a secret's."  # noqa: S105 - a refusal
_ELSEWHERE = "The provided secret must be in the account and Region of the cluster."
_DEFAULT_KEY_USED = (
    "The provided secret is encrypted with the default key and cannot be used with Amazon MSK."
)
_NO_USER = (
    "The value of the provided secret must be a JSON object with the texts username and password."
)


@dataclass(frozen=True, slots=True)
class Gained:
    """A secret MSK has read: whose user it is, and the grant it was read by."""

    secret_arn: str
    key_arn: str
    grant_id: str
    username: str


def refusal(message: str) -> AwsError:
    """Why one secret is not associated: MSK has one code for everything."""
    return AwsError("InvalidSecretArn", message)


def gain(call: Call, cluster: Cluster, secret_arn: str) -> Gained:
    """Let MSK read a secret for a cluster, and read it once.

    A secret that cannot be read is left as it was, unless a cluster has it.
    """
    _check_arn(call, secret_arn)
    key = _key(call, cluster, secret_arn)
    grant_id = ""
    try:
        _add_statement(call, cluster, secret_arn)
        grant_id = _grant(call, cluster, secret_arn, key)
        username = _username(call, cluster, secret_arn)
    except AwsError:
        undo(call, cluster, Gained(secret_arn, key, grant_id, username=""))
        raise
    return Gained(secret_arn, key, grant_id, username)


def undo(call: Call, cluster: Cluster, gained: Gained) -> None:
    """Undo `gain`, as far as the cluster did not have the secret before."""
    with call.database.read() as tx:
        before = scram_secrets.find(tx, cluster.id, gained.secret_arn)
    if before is None:
        give_back(call, cluster, gained.secret_arn, gained.key_arn, gained.grant_id)
    elif gained.grant_id and gained.grant_id != before.grant_id:
        key_grants.retire(call, gained.key_arn, gained.grant_id, cluster.arn)


def give_back(call: Call, cluster: Cluster, secret_arn: str, key_arn: str, grant_id: str) -> None:
    """Undo what let MSK read a secret for a cluster; other clusters that have it go on reading.

    A secret or key that is gone, or closed to MSK by now, has nothing left to be undone.
    """
    if grant_id:
        key_grants.retire(call, key_arn, grant_id, cluster.arn)
    with call.database.read() as tx:
        others = scram_secrets.clusters_with(tx, secret_arn) - {cluster.id}
    if not others:
        with suppress(AwsError):
            _remove_statement(call, cluster, secret_arn)


def give_back_all(call: Call, cluster: Cluster, secrets: list[ScramSecret]) -> None:
    """`give_back` for each secret of a cluster."""
    for secret in secrets:
        give_back(call, cluster, secret.secret_arn, secret.key_arn, secret.grant_id)


def _check_arn(call: Call, text: str) -> None:
    arn = Arn.find(text)
    if arn is None or arn.service != "secretsmanager" or not arn.resource.startswith(_RESOURCE):
        raise refusal(_NO_SECRET)
    if (arn.account, arn.region) != (call.account, call.region):
        raise refusal(_ELSEWHERE)
    if not arn.resource.startswith(_RESOURCE + PREFIX):
        raise refusal(_NO_MSK_NAME)


def _key(call: Call, cluster: Cluster, secret_arn: str) -> str:
    """The ARN of the customer's key that protects the secret."""
    secret = _as_role(call, cluster, "DescribeSecret", secret_arn)
    if secret["ARN"] != secret_arn or secret.get("DeletedDate"):
        raise refusal(_INACCESSIBLE)
    key: str = secret.get("KmsKeyId") or _DEFAULT_KEY
    name = key.rpartition(":")[2]
    if name == _DEFAULT_KEY:
        raise refusal(_DEFAULT_KEY_USED)
    if name.startswith("alias/"):
        return _aliased(call, key)
    return key if key.startswith("arn:") else call.arn("kms", f"key/{key}")


def _aliased(call: Call, alias: str) -> str:
    try:
        described = call.calls.forward(call, "kms", "DescribeKey", {"KeyId": alias})
    except AwsError as error:
        raise _caller_s(error) from None
    return str(described["KeyMetadata"]["Arn"])


def _grant(call: Call, cluster: Cluster, secret_arn: str, key_arn: str) -> str:
    context = {"SecretARN": secret_arn}
    try:
        return key_grants.grant(call, key_arn, cluster.arn, key_grants.READING, context)
    except AwsError as error:
        raise _caller_s(error) from None


def _caller_s(error: AwsError) -> AwsError:
    """A refusal of what was done as the caller: who is denied something is told what."""
    if isinstance(error, Unavailable):
        return error
    return refusal(
        f"{_INACCESSIBLE} {error.message}" if isinstance(error, AccessDenied) else _INACCESSIBLE
    )


def _username(call: Call, cluster: Cluster, secret_arn: str) -> str:
    """The user in the secret, read by MSK as itself; the password is looked at and forgotten."""
    asked = {"SecretId": secret_arn}
    try:
        value = acting.as_itself(call, cluster.arn, "secretsmanager", "GetSecretValue", asked)
    except Unavailable:
        raise
    except AwsError:
        raise refusal(_INACCESSIBLE) from None
    login = scram.login(value.get("SecretString") or "")
    if login is None:
        raise refusal(_NO_USER)
    return login.username


def _add_statement(call: Call, cluster: Cluster, secret_arn: str) -> None:
    policy = _policy(call, cluster, secret_arn) or {"Version": "2012-10-17", "Statement": []}
    statement = {
        "Sid": SID,
        "Effect": "Allow",
        "Principal": {"Service": acting.SERVICE},
        "Action": "secretsmanager:getSecretValue",
        "Resource": secret_arn,
    }
    statements = iam.statements_of(policy)
    if statement not in statements:
        others = [each for each in statements if each.get("Sid") != SID]
        _put(call, cluster, secret_arn, {**policy, "Statement": [*others, statement]})


def _remove_statement(call: Call, cluster: Cluster, secret_arn: str) -> None:
    policy = _policy(call, cluster, secret_arn)
    if policy is None:
        return
    others = [each for each in iam.statements_of(policy) if not _is_ours(each)]
    if not others:
        _as_role(call, cluster, "DeleteResourcePolicy", secret_arn)
    elif len(others) < len(iam.statements_of(policy)):
        _put(call, cluster, secret_arn, {**policy, "Statement": others})


def _is_ours(statement: Mapping[str, Any]) -> bool:
    is_service = statement.get("Principal") == {"Service": acting.SERVICE}
    return statement.get("Sid") == SID and is_service


def _policy(call: Call, cluster: Cluster, secret_arn: str) -> dict[str, Any] | None:
    answer = _as_role(call, cluster, "GetResourcePolicy", secret_arn)
    text = answer.get("ResourcePolicy")
    policy: dict[str, Any] | None = json.loads(text) if text else None
    return policy


def _put(call: Call, cluster: Cluster, secret_arn: str, policy: Mapping[str, Any]) -> None:
    text = json.dumps(policy)
    _as_role(call, cluster, "PutResourcePolicy", secret_arn, ResourcePolicy=text)


def _as_role(
    call: Call, cluster: Cluster, operation: str, secret_arn: str, **more: str
) -> Mapping[str, Any]:
    asked = {"SecretId": secret_arn, **more}
    try:
        return acting.as_role(call, cluster, "secretsmanager", operation, asked)
    except Unavailable:
        raise
    except AwsError:
        raise refusal(_INACCESSIBLE) from None
