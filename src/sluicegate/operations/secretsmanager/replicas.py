"""Replicas in other regions: asked for, made, shown.

A replica has the primary's name, account and suffix, so that its ARN differs in the region only.
One that cannot be made is no error of the call: its region is listed as Failed, with the reason.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...arn import partition_of
from ...clock import to_datetime
from ...errors import AwsError
from ...iam.model import Context
from ...store import secret_replicas, secrets
from ...store.database import Tx
from ...store.secret_replicas import Replication
from ...store.secrets import Secret, Version
from ...wire.model import regions
from ..operation import Call, Params
from . import copies, envelopes, lookup
from .copies import Copies, Copy, Values

_SUCCEEDED = "Replication succeeded"


def context(params: Params) -> Context:
    """The condition keys of a request that may replicate."""
    keys: dict[str, str | tuple[str, ...]] = {}
    wanted = tuple(each.get("Region") or "" for each in params.get("AddReplicaRegions") or ())
    if wanted:
        keys["secretsmanager:AddReplicaRegions"] = wanted
    is_forced = params.get("ForceOverwriteReplicaSecret")
    if is_forced is not None:
        keys["secretsmanager:ForceOverwriteReplicaSecret"] = "true" if is_forced else "false"
    return keys


def wanted(call: Call, params: Params) -> Mapping[str, str | None]:
    """The regions a request adds, each with the key it names there (None for the default one)."""
    given = params.get("AddReplicaRegions") or ()
    found = {each.get("Region") or "": each.get("KmsKeyId") for each in given}
    others = regions(partition_of(call.region)) - {call.region}
    if len(found) < len(given) or not others.issuperset(found):
        raise AwsError("InvalidParameterException", "Invalid replica region.")
    return {region: envelopes.kept_key(key) for region, key in found.items()}


def drafted(call: Call, primary: Secret, wishes: Mapping[str, str | None]) -> list[Secret]:
    """The replicas there would be in these regions."""
    return [
        replace(
            primary,
            id=str(uuid.uuid4()),
            region=region,
            primary_region=primary.region,
            kms_key=kms_key,
            created_ms=call.now_ms,
            changed_ms=call.now_ms,
            accessed_ms=None,
        )
        for region, kms_key in wishes.items()
    ]


def present(
    tx: Tx, primary: Secret, wishes: Mapping[str, str | None]
) -> dict[str, tuple[Secret, list[Version]]]:
    """The replicas that are in these regions already, with the versions they lack, by region."""
    held = copies.labelled(tx, primary)
    found = {}
    for replication in secret_replicas.of(tx, primary.id):
        replica = copies.of(tx, replication)
        if replica is None or replica.region not in wishes:
            continue
        if wishes[replica.region] not in (None, replica.kms_key):
            raise AwsError(
                "InvalidParameterException",
                f"Secret {primary.name} is already replicated to {replica.region}. "
                "Its KMS key is changed there, with UpdateSecret.",
            )
        found[replica.region] = replica, copies.versions_lacking(tx, replica, held)
    return found


def encrypted(
    call: Call, replicas: Iterable[tuple[Secret, list[Version]]], values: Values
) -> Copies:
    """What these replicas are to hold, encrypted as the caller in their regions."""
    return {
        replica.id: copies.encrypted(call, replica, versions, values)
        for replica, versions in replicas
    }


def establish(tx: Tx, call: Call, primary: Secret, made: Copies, params: Params) -> Secret:
    """Make the replicas that can be made, note those that cannot; the primary as it is then."""
    is_forced = bool(params.get("ForceOverwriteReplicaSecret"))
    known = {each.region: each for each in secret_replicas.of(tx, primary.id)}
    for copy in made.values():
        before = known.get(copy.replica.region)
        if before is None or before.replica_id is None:
            _establish(tx, call, primary, copy, is_forced=is_forced)
        elif before.replica_id != copy.replica.id:
            raise lookup.changed_meanwhile()
    replicated = replace(primary, primary_region=primary.region, changed_ms=call.now_ms)
    copies.save(tx, replicated, made)
    return replicated


def _establish(tx: Tx, call: Call, primary: Secret, copy: Copy, *, is_forced: bool) -> None:
    replica = copy.replica
    taken = secrets.by_name(tx, replica.account, replica.region, replica.name, call.now_ms)
    failure = _obstacle(taken, replica, is_forced=is_forced) or copy.failure
    if failure is None:
        if taken is not None:
            secrets.delete(tx, taken.id)
        secrets.create(tx, replica)
    replica_id = replica.id if failure is None else None
    secret_replicas.put(
        tx, Replication(primary.id, replica.region, replica_id, replica.kms_key, failure)
    )


def _obstacle(taken: Secret | None, replica: Secret, *, is_forced: bool) -> str | None:
    """Why a replica cannot take its place, where a secret has its name."""
    if taken is None:
        return None
    if taken.primary_region is not None:
        # Part of another replication: not even force takes that apart.
        return (
            f"Replication failed: Secret name {replica.name} is currently replicated "
            f"to {replica.region} with a different arn."
        )
    if is_forced:
        return None
    return (
        f"Replication failed: Secret name {replica.name} already exists in region {replica.region}."
    )


def released(tx: Tx, call: Call, primary: Secret, lost: Iterable[Replication]) -> None:
    """Forget regions of a primary; without any it is a secret like others."""
    for replication in lost:
        secret_replicas.remove(tx, replication)
    is_left = bool(secret_replicas.of(tx, primary.id))
    region = primary.region if is_left else None
    secrets.save(tx, replace(primary, primary_region=region, changed_ms=call.now_ms))


def shown(tx: Tx, secret: Secret) -> list[dict[str, object]]:
    """The regions a secret is replicated to, and how that stands."""
    return [
        _status(replication, copies.of(tx, replication))
        for replication in secret_replicas.of(tx, secret.id)
    ]


def _status(replication: Replication, replica: Secret | None) -> dict[str, object]:
    kms_key = replication.kms_key if replica is None else replica.kms_key
    accessed_ms = None if replica is None else replica.accessed_ms
    return {
        "Region": replication.region,
        "KmsKeyId": kms_key or envelopes.DEFAULT_KEY,
        "Status": "InSync" if replication.failure is None else "Failed",
        "StatusMessage": replication.failure or _SUCCEEDED,
        "LastAccessedDate": None if accessed_ms is None else to_datetime(accessed_ms),
    }
