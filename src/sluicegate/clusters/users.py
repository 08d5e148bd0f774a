"""The users of a cluster, as its secrets say.

Kafka keeps the users; the state says of which version of which secret each of them is. A secret
is read again when another version of it is current, and when it could not be read: as soon as
permissions have changed, and every half minute.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from ..arn import Arn
from ..kafka import BrokerFault
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
    """What was the case when a secret could not be read last, and when."""

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
            try:
                if secret.wanted == REMOVED:
                    self._remove(secret, wanted, users)
                elif secret.version_id != current[secret.secret_arn]:
                    now = _Attempt(current[secret.secret_arn], permissions, self._monotonic())
                    self._apply(cluster, secret, wanted, users, now)
            except BrokerFault as fault:
                _log.warning("%s cluster=%s secret=%s", fault, cluster.id, secret.secret_arn)
                return

    def _remove(self, secret: ScramSecret, wanted: list[ScramSecret], users: Users) -> None:
        if secret.username is not None and not _is_needed(secret.username, secret, wanted):
            users.drop_scram_user(secret.username)
        with self._database.write() as tx:
            if not scram_secrets.removed(tx, secret.cluster_id, secret.secret_arn):
                # Associated again meanwhile: its user is to be made again.
                scram_secrets.applied(
                    tx, secret.cluster_id, secret.secret_arn, secret.username or "", ""
                )

    def _apply(
        self,
        cluster: Cluster,
        secret: ScramSecret,
        wanted: list[ScramSecret],
        users: Users,
        now: _Attempt,
    ) -> None:
        if self._is_hopeless(secret, now):
            return
        try:
            user = self._reader.read(cluster, secret.secret_arn)
        except Unreadable as refusal:
            self._failed[secret.secret_arn] = now
            _log.warning("%s cluster=%s secret=%s", refusal, cluster.id, secret.secret_arn)
            with self._database.write() as tx:
                scram_secrets.failed(tx, cluster.id, secret.secret_arn, str(refusal))
            return
        self._failed.pop(secret.secret_arn, None)
        users.put_scram_user(user.name, user.password)
        renamed = secret.username not in (None, "", user.name)
        if renamed and not _is_needed(secret.username, secret, wanted):
            users.drop_scram_user(secret.username or "")
        with self._database.write() as tx:
            scram_secrets.applied(tx, cluster.id, secret.secret_arn, user.name, user.version_id)

    def _is_hopeless(self, secret: ScramSecret, now: _Attempt) -> bool:
        """Whether nothing has changed since it could not be read last."""
        last = self._failed.get(secret.secret_arn)
        return (
            last is not None
            and (last.version_id, last.permissions) == (now.version_id, now.permissions)
            and now.at - last.at < _AGAIN_SECONDS
        )


def _is_needed(name: str | None, secret: ScramSecret, wanted: list[ScramSecret]) -> bool:
    """Whether another secret of the cluster makes the same user."""
    return any(
        other.username == name and other.wanted != REMOVED
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
