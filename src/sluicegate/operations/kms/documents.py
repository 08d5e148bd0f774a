"""Key policies: the ones KMS writes itself, and the checks a given one must pass."""

import json
from collections.abc import Mapping

from ... import iam
from ...arn import root_arn
from ...errors import AwsError
from ...iam.layers import Attached, Layers
from ...iam.model import Context, PolicyKind, Question, ResourceRule
from ...store.database import Tx
from .. import whom
from ..operation import Call, Params

MANAGED: Mapping[str, str] = {
    "secretsmanager": "Default key that protects my Secrets Manager data "
    "when no other key is defined",
    "lambda": "Default key that protects my Lambda functions when no other key is defined",
    "kafka": "Default key that protects my MSK data when no other key is defined",
}
"""The services with a key that AWS manages, and how that key is described."""

_TITLES = {
    "secretsmanager": "AWS Secrets Manager",
    "lambda": "AWS Lambda",
    "kafka": "Amazon MSK",
}

_MAXIMUM_BYTES = 32 * 1024

_ANYTHING = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}'
)


def default_policy(call: Call) -> str:
    """The policy of a key made without one: it grants nobody, it lets identity policies count."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Id": "key-default-1",
            "Statement": [
                {
                    "Sid": "Enable IAM User Permissions",
                    "Effect": "Allow",
                    "Principal": {"AWS": root_arn(call.account)},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ],
        },
        indent=2,
    )


def managed_policy(region: str, account: str, service: str) -> str:
    """The fixed policy of an AWS managed key: whoever may use the service, through the service."""
    via = f"{service}.{region}.amazonaws.com"
    of_account = {"kms:CallerAccount": account}
    metadata = {
        "Sid": "Allow direct access to key metadata to the account",
        "Effect": "Allow",
        "Principal": {"AWS": [root_arn(account)]},
        "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        "Resource": "*",
    }
    document = {
        "Version": "2012-10-17",
        "Id": f"auto-{service}-2",
        "Statement": [
            _through(
                service,
                [
                    "kms:Encrypt",
                    "kms:Decrypt",
                    "kms:ReEncrypt*",
                    "kms:CreateGrant",
                    "kms:DescribeKey",
                ],
                {"StringEquals": {**of_account, "kms:ViaService": via}},
            ),
            _through(
                service,
                "kms:GenerateDataKey*",
                {"StringEquals": of_account, "StringLike": {"kms:ViaService": via}},
            ),
            metadata,
        ],
    }
    return json.dumps(document, indent=2)


def _through(service: str, action: str | list[str], condition: object) -> dict[str, object]:
    title = _TITLES[service]
    return {
        "Sid": f"Allow access through {title} for all principals in the account "
        f"that are authorized to use {title}",
        "Effect": "Allow",
        "Principal": {"AWS": ["*"]},
        "Action": action,
        "Resource": "*",
        "Condition": condition,
    }


def bypass_context(_call: Call, params: Params) -> Context:
    """The condition key of operations that put a policy."""
    is_bypassed = params.get("BypassPolicyLockoutSafetyCheck")
    return {"kms:BypassPolicyLockoutSafetyCheck": "true" if is_bypassed else "false"}


def check(call: Call, tx: Tx, key_arn: str, params: Params) -> str:
    """The policy in the request as it is kept, if KMS would put it on the key; else its refusal.

    It must be a policy, name principals that exist and, unless the request bypasses this, let the
    caller change it again.
    """
    text = str(params["Policy"])
    if len(text.encode()) > _MAXIMUM_BYTES:
        raise AwsError("LimitExceededException", f"Key policies can have {_MAXIMUM_BYTES} bytes.")
    try:
        policy = iam.compile(text, PolicyKind.KEY)
    except iam.MalformedPolicy as error:
        raise _malformed(str(error)) from None
    if not all(whom.exists(tx, name) for name in iam.principals_of(policy)):
        raise _malformed("Policy contains a statement with one or more invalid principals.")
    may_lock_out = params.get("BypassPolicyLockoutSafetyCheck")
    if not may_lock_out and not _lets_change(call, policy, key_arn):
        raise _malformed(
            "The new key policy will not allow you to update the key policy in the future."
        )
    return whom.pinned(tx, text)


def _malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicyDocumentException", message)


def _lets_change(call: Call, policy: iam.Policy, key_arn: str) -> bool:
    """Whether the caller could put the policy again, if its identity policies let it."""
    context = {**call.context, **call.caller.context, "kms:CallerAccount": call.account}
    question = Question(call.caller.principal, "kms:PutKeyPolicy", key_arn, context)
    everything = Attached(iam.load(_ANYTHING, PolicyKind.IDENTITY))
    layers = Layers(
        identity=(everything,),
        resource=Attached(policy, uri=key_arn),
        resource_account=call.account,
        resource_rule=ResourceRule.REQUIRED,
    )
    return iam.decide(question, layers).allowed
