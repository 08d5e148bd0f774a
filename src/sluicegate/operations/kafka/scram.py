"""Secrets of users who log in with a password: associated, disassociated, listed."""

from collections.abc import Iterable, Sequence

from ...errors import AwsError, Unavailable
from ...store import clusters, scram_secrets
from ...store.clusters import Cluster
from ...store.database import Tx
from ...store.scram_secrets import ScramSecret
from ..operation import Call, Params, Result
from . import acting, key_grants, naming, paging, scram_access
from .refusals import invalid
from .scram_access import Gained, refusal

_MOST_AT_ONCE = 10
_MOST_USERS = 1000

_TWICE = "The provided secret ARN is in the request more than once."
_SAME_USER = "The cluster has a secret of the same username already."
_NOT_ASSOCIATED = "The provided secret is not associated with the cluster."
_TOO_MANY = f"A cluster can have at most {_MOST_USERS} users."


class _Batch:
    """The secrets of one request, done one by one; what fails stops none of the others."""

    def __init__(self) -> None:
        self.unprocessed: list[dict[str, str]] = []
        self._seen: set[str] = set()

    def each(self, secret_arns: Sequence[str]) -> Iterable[str]:
        """Each secret once; a second time it is refused."""
        for secret_arn in secret_arns:
            if secret_arn in self._seen:
                self.refuse(secret_arn, refusal(_TWICE))
            else:
                self._seen.add(secret_arn)
                yield secret_arn

    def refuse(self, secret_arn: str, error: AwsError) -> None:
        """Note why a secret was not processed."""
        self.unprocessed.append(
            {"SecretArn": secret_arn, "ErrorCode": error.code, "ErrorMessage": error.message}
        )


def _associate(call: Call, params: Params) -> Result:
    secret_arns = _checked(params)
    with call.database.read() as tx:
        cluster = _usable(tx, call, params)
        present = scram_secrets.associated(tx, cluster.id)
    if not cluster.security.scram:
        raise invalid("SASL/SCRAM authentication is not turned on for the cluster.")
    acting.ensure_role(call)
    batch = _Batch()
    users = {secret.username: secret.secret_arn for secret in present if secret.username}
    known = {secret.secret_arn for secret in present}
    gained: list[Gained] = []
    for secret_arn in batch.each(secret_arns):
        try:
            if len(known | {secret_arn}) > _MOST_USERS:
                raise refusal(_TOO_MANY)
            got = scram_access.gain(call, cluster, secret_arn)
            if users.setdefault(got.username, secret_arn) != secret_arn:
                scram_access.undo(call, cluster, got)
                raise refusal(_SAME_USER)
        except Unavailable:
            raise
        except AwsError as error:
            batch.refuse(secret_arn, error)
        else:
            known.add(secret_arn)
            gained.append(got)
    if gained:
        _keep(call, cluster, gained)
        call.keepers.nudge()
    return {"ClusterArn": cluster.arn, "UnprocessedScramSecrets": batch.unprocessed}


def _keep(call: Call, cluster: Cluster, gained: Sequence[Gained]) -> None:
    with call.database.write() as tx:
        found = clusters.find(tx, cluster.id)
        is_there = found is not None and found.wanted == clusters.PRESENT
        before = {each.secret_arn: each for each in scram_secrets.associated(tx, cluster.id)}
        for got in gained if is_there else ():
            known = before.get(got.secret_arn)
            secret = ScramSecret(
                cluster_id=cluster.id,
                secret_arn=got.secret_arn,
                position=known.position if known else scram_secrets.next_position(tx, cluster.id),
                associated_ms=call.now_ms,
                key_arn=got.key_arn,
                grant_id=got.grant_id,
            )
            scram_secrets.associate(tx, secret)
    if not is_there:
        for got in gained:
            scram_access.give_back(call, cluster, got.secret_arn, got.key_arn, got.grant_id)
        raise invalid("You can't associate secrets with a cluster in DELETING state.")
    for got in gained:
        old = before.get(got.secret_arn)
        if old is not None and old.grant_id != got.grant_id:
            key_grants.retire(call, old.key_arn, old.grant_id, cluster.arn)


def _disassociate(call: Call, params: Params) -> Result:
    secret_arns = _checked(params)
    batch = _Batch()
    gone: list[ScramSecret] = []
    with call.database.write() as tx:
        cluster = _usable(tx, call, params)
        present = {each.secret_arn: each for each in scram_secrets.associated(tx, cluster.id)}
        for secret_arn in batch.each(secret_arns):
            if secret_arn in present:
                scram_secrets.disassociate(tx, cluster.id, secret_arn)
                gone.append(present[secret_arn])
            else:
                batch.refuse(secret_arn, refusal(_NOT_ASSOCIATED))
    if gone:
        scram_access.give_back_all(call, cluster, gone)
        call.keepers.nudge()
    return {"ClusterArn": cluster.arn, "UnprocessedScramSecrets": batch.unprocessed}


def _list(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        cluster = naming.cluster_of(tx, call, params["ClusterArn"])
        secrets = scram_secrets.associated(tx, cluster.id)
    return paging.page(
        params,
        "SecretArnList",
        secrets,
        lambda secret: secret.position,
        lambda secret: secret.secret_arn,
    )


def _checked(params: Params) -> Sequence[str]:
    secret_arns: Sequence[str] = params["SecretArnList"]
    if not 1 <= len(secret_arns) <= _MOST_AT_ONCE:
        raise invalid(f"Specify 1 to {_MOST_AT_ONCE} secrets.", "secretArnList")
    return secret_arns


def _usable(tx: Tx, call: Call, params: Params) -> Cluster:
    cluster = naming.cluster_of(tx, call, params["ClusterArn"])
    state = cluster.current_state
    if state not in naming.USABLE:
        verb = "associate" if call.operation == "BatchAssociateScramSecret" else "disassociate"
        preposition = "with" if verb == "associate" else "from"
        raise invalid(f"You can't {verb} secrets {preposition} a cluster in {state} state.")
    return cluster


OPERATIONS = (
    naming.on_cluster("BatchAssociateScramSecret", _associate),
    naming.on_cluster("BatchDisassociateScramSecret", _disassociate),
    naming.on_cluster("ListScramSecrets", _list),
)
