"""How a secret is shown: by DescribeSecret, and in lists under one other name."""

from collections.abc import Mapping

from ...clock import to_datetime
from ...store import secrets, tags
from ...store.secrets import Secret
from ..operation import Call, Params, Result
from . import lookup, replicas, versions


def described(
    secret: Secret, labels: Mapping[str, str], placed: Mapping[str, str], stages_member: str
) -> dict[str, object]:
    """A secret without its value; what it never had is absent."""
    tag_list = [{"Key": key, "Value": value} for key, value in labels.items()]
    return {
        "ARN": secret.arn,
        "Name": secret.name,
        "Type": secret.type,
        "Description": secret.description,
        "KmsKeyId": secret.kms_key,
        "LastChangedDate": to_datetime(secret.changed_ms),
        "LastAccessedDate": _date(secret.accessed_ms),
        "DeletedDate": _date(secret.deletion_ms),
        "Tags": tag_list if secret.is_tagged else None,
        stages_member: versions.by_version(placed) or None,
        "CreatedDate": to_datetime(secret.created_ms),
        "PrimaryRegion": secret.primary_region,
    }


def _date(ms: int | None) -> object:
    return None if ms is None else to_datetime(ms)


def _describe(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        secret = lookup.find(tx, call, params["SecretId"])
        labels, placed = tags.of(tx, secret.id), secrets.stages(tx, secret.id)
        shown = replicas.shown(tx, secret) if secret.is_replicated else None
    entry = described(secret, labels, placed, "VersionIdsToStages")
    return {**entry, "ReplicationStatus": shown}


OPERATIONS = (lookup.on_secret("DescribeSecret", _describe),)
