"""Grants on customers' keys: made as the caller, used and given back by MSK for one cluster."""

from contextlib import suppress

from ...errors import AwsError
from ..operation import Call, Params
from . import acting

READING = ("Decrypt", "DescribeKey")
STORING = ("Encrypt", "Decrypt", "GenerateDataKeyWithoutPlaintext", "DescribeKey")


def grant(
    call: Call,
    key: str,
    cluster_arn: str,
    operations: tuple[str, ...],
    encryption_context: Params | None = None,
) -> str:
    """Let MSK do `operations` with a key, for a cluster; the grant's id."""
    constraints: dict[str, object] = {"SourceArn": cluster_arn}
    if encryption_context:
        constraints["EncryptionContextSubset"] = dict(encryption_context)
    asked = {
        "KeyId": key,
        "GranteeServicePrincipal": acting.SERVICE,
        "RetiringServicePrincipal": acting.SERVICE,
        "Operations": list(operations),
        "Constraints": constraints,
        # With a name, the same once more makes no second one.
        "Name": cluster_arn,
    }
    return str(call.calls.forward(call, "kms", "CreateGrant", asked)["GrantId"])


def retire(call: Call, key_arn: str, grant_id: str, cluster_arn: str) -> None:
    """Give a grant back; one that is gone with its key is given back already."""
    asked = {"KeyId": key_arn, "GrantId": grant_id}
    with suppress(AwsError):
        acting.as_itself(call, cluster_arn, "kms", "RetireGrant", asked)
