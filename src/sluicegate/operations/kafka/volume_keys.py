"""The KMS key of a cluster's volumes: AWS's own, or a customer's that MSK is granted.

Nothing on the disk is encrypted with it; what MSK asks of its caller is asked all the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ...errors import AccessDenied, AwsError, Unavailable
from ..operation import Call, Params
from . import key_grants
from .refusals import invalid

_DEFAULT = "alias/aws/kafka"


@dataclass(frozen=True, slots=True)
class VolumeKey:
    """The key's ARN, and the grant by which MSK may use it; empty where it needs none."""

    arn: str
    grant_id: str = ""


def granted(call: Call, params: Params, cluster_arn: str) -> VolumeKey:
    """The key EncryptionInfo names, granted to MSK with the caller's permissions."""
    at_rest = (params.get("EncryptionInfo") or {}).get("EncryptionAtRest") or {}
    given = at_rest.get("DataVolumeKMSKeyId")
    with _blamed():
        if not given:
            trial = {"KeyId": _DEFAULT, "KeySpec": "AES_256"}
            made = call.calls.forward(call, "kms", "GenerateDataKeyWithoutPlaintext", trial)
            return VolumeKey(made["KeyId"])
        described = call.calls.forward(call, "kms", "DescribeKey", {"KeyId": given})
        key = described["KeyMetadata"]
        if key["KeyManager"] == "AWS":
            return VolumeKey(key["Arn"])
        grant_id = key_grants.grant(call, key["Arn"], cluster_arn, key_grants.STORING)
    return VolumeKey(key["Arn"], grant_id)


@contextmanager
def _blamed() -> Iterator[None]:
    try:
        yield
    except (AccessDenied, Unavailable):
        raise
    except AwsError as error:
        raise invalid(error.message or error.code, "dataVolumeKMSKeyId") from None
