"""The users of a cluster, as its secrets say.

Kafka keeps the users; the state says of which version of which secret each of them is. A secret
is read again when another version of it is current, and when it had no effect: as soon as
permissions have changed, and every half minute. What is wrong with one holds up no other, and is
noted with it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..arn import Arn
from ..kafka import BrokerFault, Unknown
from ..store import epoch, scram_secrets, secrets
from ..store.clusters import Cluster
from ..store.database import Database, Tx
from ..store.scram_secrets import REMOVED, ScramSecret
from .machinery import Secrets, Unreadable, Users

_log = logging.getLogger("sluicegate.clusters")

_AGAIN_SECONDS = 30.0
_CURRENT = "AWSCURRENT"
_SUFFIX = len("-AbCdEf")


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What was the case when a secret had no effect last, and when."""

    wanted: str
    version_id: str
    permissions: int
    at: float


class ScramUsers:
    """Brings Kafka's users to what the secrets of one cluster say."""

    def __init__(self, database: Database, reader: Secrets, monotonic: Callable[[], float]) -> None:
        self._database = database
        self._reader = reader
        self._monotonic = monotonic
        self._failed: dict[str, _Attempt] = {}

    def sync(self, cluster: Cluster, users: Users) -> None:
        """Make, change and drop users; what cannot be done is noted and tried again."""
        with self._database.read() as tx:
            wanted = scram_secrets.wanted_of(tx, cluster.id)
            current = {each.secret_arn: _current_version(tx, each.secret_arn) for each in wanted}
            permissions = epoch.current(tx)
        for secret in wanted:
            version_id = current[secret.secret_arn]
            now = _Attempt(secret.wanted, version_id, permissions, self._monotonic())
            if self._is_hopeless(secret, now):
                continue
            try:
                if secret.wanted == REMOVED:
                    self._remove(secret, wanted, users)
                elif secret.version_id != version_id or secret.error is not None:
                    self._apply(cluster, secret, users)
            except Unreadable as refusal:
                self._failed[secret.secret_arn] = now
                self._note(secret, str(refusal))
            except BrokerFault as fault:
                self._note(secret, f"Kafka did not change its user: {fault}")
                if not isinstance(fault.trouble, Unknown):
                    return  # nor would it change another's, just now
                self._failed[secret.secret_arn] = now
            else:
                self._failed.pop(secret.secret_arn, None)

    def _remove(self, secret: ScramSecret, wanted: list[ScramSecret], users: Users) -> None:
        for username in secret.users:
            if not _is_needed(username, secret, wanted):
                users.drop_scram_user(username)
        with self._database.write() as tx:
            if not scram_secrets.removed(tx, secret.cluster_id, secret.secret_arn):
                # Associated again meanwhile: its user is to be made again.
                scram_secrets.emptied(tx, secret.cluster_id, secret.secret_arn)

    def _apply(self, cluster: Cluster, secret: ScramSecret, users: Users) -> None:
        user = self._reader.read(cluster, secret.secret_arn)
        users.put_scram_user(user.name, user.password)
        with self._database.write() as tx:
            scram_secrets.applied(tx, cluster.id, secret.secret_arn, user.name, user.version_id)

    def _note(self, secret: ScramSecret, error: str) -> None:
        if error == secret.error:
            return
        _log.warning("%s cluster=%s secret=%s", error, secret.cluster_id, secret.secret_arn)
        with self._database.write() as tx:
            scram_secrets.failed(tx, secret.cluster_id, secret.secret_arn, error)

    def _is_hopeless(self, secret: ScramSecret, now: _Attempt) -> bool:
        """Whether nothing has changed since it had no effect last."""
        last = self._failed.get(secret.secret_arn)
        return (
            last is not None
            and replace(now, at=last.at) == last
            and now.at - last.at < _AGAIN_SECONDS
        )


def _is_needed(name: str, secret: ScramSecret, wanted: list[ScramSecret]) -> bool:
    """Whether another secret of the cluster makes the same user."""
    return any(
        name in other.users and other.wanted != REMOVED
        for other in wanted
        if other.secret_arn != secret.secret_arn
    )


def _current_version(tx: Tx, secret_arn: str) -> str:
    """The id of the version of a secret that is current; "" where there is none."""
    arn = Arn.parse(secret_arn)
    name = arn.resource.removeprefix("secret:")[:-_SUFFIX]
    # A secret that waits for its deletion cannot be read; its user stays as it is.
    secret = secrets.by_name(tx, arn.account, arn.region, name, now_ms=0)
    if secret is None or secret.arn != secret_arn:
        return ""
    return secrets.stages(tx, secret.id).get(_CURRENT, "")
