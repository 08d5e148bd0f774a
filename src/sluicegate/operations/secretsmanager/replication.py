"""Replication to other regions: begun, ended with the replica, ended without it."""

from dataclasses import replace

from ...errors import AwsError
from ...iam.model import Context
from ...store import secret_replicas, secrets
from ..operation import Call, Params, Result
from . import copies, lookup, replicas
from .copies import Values


def _context(_call: Call, params: Params) -> Context:
    return replicas.context(params)


def _replicate(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        secret = lookup.find_primary(tx, call, params["SecretId"])
        wishes = replicas.wanted(call, params)
        versions = copies.labelled(tx, secret)
        present = replicas.present(tx, secret, wishes)
    missing = {region: key for region, key in wishes.items() if region not in present}
    drafts = [(draft, versions) for draft in replicas.drafted(call, secret, missing)]
    made = replicas.encrypted(call, [*present.values(), *drafts], Values(call, secret, {}))
    with call.database.write() as tx:
        secrets.prune(tx, call.now_ms)
        now = lookup.find_primary(tx, call, params["SecretId"])
        if now.id != secret.id:
            raise lookup.changed_meanwhile()
        replicas.establish(tx, call, now, made, params)
        return {"ARN": secret.arn, "ReplicationStatus": replicas.shown(tx, secret)}


def _remove(call: Call, params: Params) -> Result:
    """End replication and delete the replicas; a region that has none is as good as removed."""
    with call.database.write() as tx:
        secret = lookup.find_primary(tx, call, params["SecretId"])
        removed = [
            replication
            for replication in secret_replicas.of(tx, secret.id)
            if replication.region in params["RemoveReplicaRegions"]
        ]
        replicas.released(tx, call, secret, removed)
        for replication in removed:
            if replication.replica_id is not None:
                secrets.delete(tx, replication.replica_id)
        return {"ARN": secret.arn, "ReplicationStatus": replicas.shown(tx, secret)}


def _stop(call: Call, params: Params) -> Result:
    """Make a replica a secret of its own; asked for in its region."""
    with call.database.write() as tx:
        replica = lookup.find_alive(tx, call, params["SecretId"])
        replication = secret_replicas.of_replica(tx, replica.id)
        primary = secrets.by_id(tx, replication.secret_id) if replication else None
        if replication is None or primary is None:
            raise AwsError(
                "InvalidParameterException",
                f"Secret {replica.name} is not a replica in region {replica.region}.",
            )
        replicas.released(tx, call, primary, [replication])
        secrets.save(tx, replace(replica, primary_region=None, changed_ms=call.now_ms))
    return {"ARN": replica.arn}


OPERATIONS = (
    lookup.on_secret("ReplicateSecretToRegions", _replicate, _context),
    lookup.on_secret("RemoveRegionsFromReplication", _remove),
    lookup.on_secret("StopReplicationToReplica", _stop),
)
