"""A secret's replicas, kept as it is: encrypted before the transaction, written in the same one.

Before it, `prepared` encrypts what replicas will lack, as the caller, in their regions. In it,
`save` writes the secret and makes every replica like it. A replica whose copy could not be
encrypted keeps the values it has and is Failed; the next change that reaches it heals it.

INVARIANT: a replica that is in sync has every version its primary has labelled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ...errors import AwsError, Unavailable
from ...store import secret_replicas, secrets, tags
from ...store.database import Tx
from ...store.secret_replicas import Replication
from ...store.secrets import Secret, Version
from ..operation import Call
from . import envelopes, lookup
from .envelopes import Value


@dataclass(frozen=True, slots=True)
class Copy:
    """What was encrypted for a replica, by version id; or why it could not be."""

    replica: Secret
    sealed: Mapping[str, bytes] = field(default_factory=dict)
    failure: str | None = None


Copies = Mapping[str, Copy]
"""By the replica's id."""

NONE: Copies = {}
"""For changes that make no replica need a value it lacks."""


class Values:
    """Values of a primary: those at hand, and others decrypted as the caller when asked for."""

    def __init__(self, call: Call, primary: Secret, known: Mapping[str, Value]) -> None:
        self._call, self._primary, self._known = call, primary, dict(known)

    def of(self, version: Version) -> Value:
        """The value of a version; AWS's refusal where the caller may not read it."""
        if version.id not in self._known:
            self._known[version.id] = envelopes.unseal(self._call, self._primary, version)
        return self._known[version.id]


def prepared(
    call: Call, primary: Secret, version: Version | None = None, value: Value | None = None
) -> Copies:
    """What replicas lack of the labelled versions and of one that is about to be labelled.

    `value` is what that one holds, if it is at hand.
    """
    if not primary.is_replicated:
        return NONE
    with call.database.read() as tx:
        wanted = labelled(tx, primary)
        if version is not None and version.id not in {each.id for each in wanted}:
            wanted.append(version)
        lacking = [
            (replica, versions_lacking(tx, replica, wanted))
            for replication in secret_replicas.of(tx, primary.id)
            if (replica := of(tx, replication)) is not None
        ]
    known = {version.id: value} if version is not None and value is not None else {}
    values = Values(call, primary, known)
    return {replica.id: encrypted(call, replica, versions, values) for replica, versions in lacking}


def encrypted(call: Call, replica: Secret, versions: Iterable[Version], values: Values) -> Copy:
    """Versions of the primary as the replica keeps them, encrypted as the caller in its region."""
    context = {**call.context, "aws:RequestedRegion": replica.region}
    there = replace(call, region=replica.region, context=context)
    try:
        sealed = {
            version.id: envelopes.seal_copy(there, replica, version.id, values.of(version))
            for version in versions
        }
    except Unavailable:
        raise
    except AwsError as error:
        return Copy(replica, failure=f"Replication failed: {error.message}")
    return Copy(replica, sealed)


def labelled(tx: Tx, secret: Secret) -> list[Version]:
    """The versions of a secret that a label is on: what is replicated."""
    return secrets.versions(tx, secret.id, set(secrets.stages(tx, secret.id).values()))


def versions_lacking(tx: Tx, replica: Secret, wanted: Iterable[Version]) -> list[Version]:
    """Those of `wanted` that a replica does not hold."""
    held = secrets.ages(tx, replica.id)
    return [version for version in wanted if version.id not in held]


def of(tx: Tx, replication: Replication) -> Secret | None:
    """The replica in a region, if there is one."""
    return secrets.by_id(tx, replication.replica_id) if replication.replica_id else None


def save(tx: Tx, secret: Secret, copies: Copies = NONE) -> None:
    """Write what changed of a secret, its versions and labels being written, and its replicas."""
    secrets.save(tx, secret)
    if secret.is_replicated:
        for replication in secret_replicas.of(tx, secret.id):
            replica = of(tx, replication)
            if replica is not None:
                _mirror(tx, secret, replication, replica, copies.get(replica.id))


def _mirror(
    tx: Tx, primary: Secret, replication: Replication, replica: Secret, copy: Copy | None
) -> None:
    """Make a replica like its primary, as far as its values could be encrypted."""
    secrets.save(
        tx,
        replace(
            replica,
            description=primary.description,
            type=primary.type,
            policy=primary.policy,
            is_tagged=primary.is_tagged,
            changed_ms=primary.changed_ms,
        ),
    )
    tags.remove(tx, replica.id)
    tags.put(tx, replica.id, tags.of(tx, primary.id))
    failure = _bring(tx, primary, replication, replica, copy)
    if failure is not None and not secrets.ages(tx, replica.id):
        # AWS leaves no secret in a region that never had a value to use there.
        secret_replicas.put(tx, replace(replication, replica_id=None, failure=failure))
        secrets.delete(tx, replica.id)
    elif failure != replication.failure:
        secret_replicas.put(tx, replace(replication, failure=failure))


def _bring(
    tx: Tx, primary: Secret, replication: Replication, replica: Secret, copy: Copy | None
) -> str | None:
    """Bring versions and labels of a replica up to date; why not, if they cannot be."""
    if copy is not None and copy.replica.kms_key != replica.kms_key:
        raise lookup.changed_meanwhile()
    held = set(secrets.ages(tx, replica.id))
    secrets.remove_versions(tx, replica.id, held - secrets.ages(tx, primary.id).keys())
    sealed = copy.sealed if copy else {}
    for version in secrets.versions(tx, primary.id, sealed.keys() - held):
        held.add(version.id)
        version = replace(version, secret_id=replica.id, sealed=sealed[version.id])
        secrets.add_version(tx, replace(version, kms_key=replica.kms_key, accessed_ms=None))
    labels = secrets.stages(tx, primary.id)
    if held.issuperset(labels.values()):
        secrets.put_stages(tx, replica.id, labels)
        return None
    failure = (copy.failure if copy else None) or replication.failure
    if failure is None:
        # Replicated, or given a value, since the copies were encrypted.
        raise lookup.changed_meanwhile()
    return failure
