"""What an operator sees of an account: its clusters, functions and mappings, and what is wrong.

Read from the store alone: what is told of a cluster or a mapping is what its keeper, wherever it
runs, has noted. Of anything sealed, and of filters and records, nothing is told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from .. import __version__
from ..arn import Arn
from ..clock import Clock, to_datetime
from ..errors import AwsError
from ..execution.versions import log_group
from ..operations.lambda_.configurations import ACTIVE
from ..store import (
    cluster_nodes,
    cluster_policies,
    clusters,
    function_versions,
    functions,
    homes,
    mapping_leases,
    mapping_progress,
    mappings,
    scram_secrets,
)
from ..store.cluster_nodes import Node
from ..store.clusters import Cluster
from ..store.database import Database, Tx
from ..store.homes import Home
from ..store.mapping_progress import Progress
from ..store.mappings import EventSourceMapping
from ..store.scram_secrets import ScramSecret

# What others noted may be of any length: a function's last words, a broker's.
_LONGEST_TEXT = 1_000


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """A broker: its ports by the listeners clients have, in MSK's names."""

    node_id: int
    address: str
    ports: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class UserStatus:
    """A user of a cluster who logs in with a password, and why its secret has no effect, if so.

    `username` is None as long as the secret could not be read once. Who `is_to_go` is shown only
    where that has no effect.
    """

    secret_arn: str
    username: str | None
    error: str | None
    is_to_go: bool


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """A cluster, with what its keeper says of its state.

    `policy_version` is that of its own policy, None without one. `machine` and `folder` are where
    its brokers and their data and logs are; None when that is not known yet.
    """

    name: str
    arn: str
    state: str
    reason: str | None
    created: str
    age_seconds: float
    listeners: tuple[str, ...]
    nodes: tuple[NodeStatus, ...]
    users: tuple[UserStatus, ...]
    policy_version: str | None
    machine: str | None
    folder: str | None


@dataclass(frozen=True, slots=True)
class FunctionStatus:
    """A function, as its `$LATEST` is; `log_group` is where it writes its log."""

    name: str
    runtime: str
    state: str
    last_modified: str
    log_group: str


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """How far a partition is, as of `age_seconds` ago.

    A note is renewed when something changes. `lag` counts the records that are not settled yet,
    `dropped` those that were given up, the last of them at `last_dropped`, and `holes` how often
    records were gone before they were read, or the group's offset; `last_hole` says where.
    """

    partition: int
    owner: str
    position: int | None
    committed: int | None
    end: int | None
    lag: int | None
    in_flight: int
    last_result: str
    retry: int
    waits_for: str
    dropped: int
    last_dropped: int | None
    holes: int
    last_hole: str | None
    age_seconds: float


@dataclass(frozen=True, slots=True)
class MappingStatus:
    """An event source mapping. `source` is a cluster's ARN or bootstrap servers.

    `lease_holder` is who keeps it just now, None when nobody does; `age_seconds` how long ago
    somebody last asked for a change.
    """

    id: str
    arn: str
    function: str
    source: str
    topic: str
    group: str
    state: str
    reason: str
    last_processing_result: str
    lease_holder: str | None
    age_seconds: float
    partitions: tuple[PartitionStatus, ...]

    @property
    def function_name(self) -> str:
        """The name of the function, without its qualifier."""
        return Arn.parse(self.function).resource.split(":")[1]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is there, whoever asks."""

    clusters: tuple[ClusterStatus, ...]
    mappings: tuple[MappingStatus, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """What an account has in a region at a moment."""

    version: str
    account: str
    region: str
    at: str
    clusters: tuple[ClusterStatus, ...]
    functions: tuple[FunctionStatus, ...]
    mappings: tuple[MappingStatus, ...]


class StatusReader:
    """Reads what there is; each answer is of one moment."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of_account(self, account: str, region: str) -> Status:
        """All that an account has in a region."""
        now_ms = self._clock.now_ms()
        with self._database.read() as tx:
            return Status(
                version=__version__,
                account=account,
                region=region,
                at=_moment(now_ms),
                clusters=_clusters(tx, clusters.of_account(tx, account, region), now_ms),
                functions=_functions(tx, account, region),
                mappings=_mappings(tx, mappings.of_account(tx, account, region), now_ms),
            )

    def of_mapping(self, account: str, region: str, mapping_id: str) -> Status:
        """One mapping with its cluster and its function; an `AwsError` when there is none."""
        status = self.of_account(account, region)
        mapping = next((each for each in status.mappings if each.id == mapping_id), None)
        if mapping is None:
            raise AwsError(
                "ResourceNotFoundException",
                f"there is no event source mapping `{mapping_id}` in account {account}, {region}",
                status=404,
            )
        return replace(
            status,
            clusters=tuple(each for each in status.clusters if each.arn == mapping.source),
            functions=tuple(
                each for each in status.functions if each.name == mapping.function_name
            ),
            mappings=(mapping,),
        )

    def of_everybody(self) -> Seen:
        """The clusters and mappings of every account and region."""
        now_ms = self._clock.now_ms()
        with self._database.read() as tx:
            return Seen(
                _clusters(tx, clusters.all_of(tx), now_ms),
                _mappings(tx, mappings.all_of(tx), now_ms),
            )


def _clusters(tx: Tx, found: Iterable[Cluster], now_ms: int) -> tuple[ClusterStatus, ...]:
    at = homes.all_of(tx)
    return tuple(_cluster(tx, each, at.get(each.home or ""), now_ms) for each in found)


def _cluster(tx: Tx, cluster: Cluster, home: Home | None, now_ms: int) -> ClusterStatus:
    listeners = cluster.security.listeners
    # The message is the keeper's, of the state it wrote; another one was asked for since.
    is_said = cluster.current_state == cluster.state and cluster.state_message is not None
    policy = cluster_policies.find(tx, cluster.id)
    return ClusterStatus(
        name=cluster.name,
        arn=cluster.arn,
        state=cluster.current_state,
        reason=_bounded(cluster.state_message or "") if is_said else None,
        created=_moment(cluster.created_ms),
        age_seconds=_seconds(now_ms - cluster.created_ms),
        listeners=listeners,
        nodes=tuple(_node(node, listeners) for node in cluster_nodes.nodes_of(tx, cluster.id)),
        users=tuple(
            _user(secret)
            for secret in scram_secrets.wanted_of(tx, cluster.id)
            if secret.wanted == scram_secrets.ASSOCIATED or secret.error is not None
        ),
        policy_version=policy.version if policy else None,
        machine=home.machine if home else None,
        folder=homes.folder_of(home, cluster.id) if home else None,
    )


def _node(node: Node, listeners: Iterable[str]) -> NodeStatus:
    ports = {name: node.ports[name] for name in listeners if name in node.ports}
    return NodeStatus(node.node_id, node.address, ports)


def _user(secret: ScramSecret) -> UserStatus:
    error = None if secret.error is None else _bounded(secret.error)
    is_to_go = secret.wanted == scram_secrets.REMOVED
    return UserStatus(secret.secret_arn, secret.username, error, is_to_go)


def _functions(tx: Tx, account: str, region: str) -> tuple[FunctionStatus, ...]:
    found = functions.of_account(tx, account, region)
    latest = function_versions.latest_of(tx, (each.id for each in found))
    return tuple(
        FunctionStatus(
            name=each.name,
            runtime=latest[each.id].runtime,
            state=ACTIVE["State"],
            last_modified=_moment(latest[each.id].modified_ms),
            log_group=log_group(each, latest[each.id]),
        )
        for each in found
        if each.id in latest
    )


def _mappings(
    tx: Tx, found: Iterable[EventSourceMapping], now_ms: int
) -> tuple[MappingStatus, ...]:
    kept = {each.id: each for each in found}
    holders = mapping_leases.holders_of(tx, kept)
    progress = mapping_progress.of_many(tx, kept)
    return tuple(
        MappingStatus(
            id=each.id,
            arn=each.arn,
            function=each.function_arn,
            source=each.event_source_arn or ",".join(each.bootstrap_servers),
            topic=each.topic,
            group=each.group_id,
            state=each.current_state,
            reason=each.current_reason,
            last_processing_result=_bounded(each.last_processing_result),
            lease_holder=holders.get(each.id),
            age_seconds=_seconds(now_ms - each.last_modified_ms),
            partitions=tuple(_partition(note, now_ms) for note in progress.get(each.id, ())),
        )
        for each in kept.values()
    )


def _partition(note: Progress, now_ms: int) -> PartitionStatus:
    is_known = note.end is not None and note.committed is not None
    return PartitionStatus(
        partition=note.partition,
        owner=note.owner,
        position=note.position,
        committed=note.committed,
        end=note.end,
        # The two are read one after the other: a commit may be ahead of an older end.
        lag=max(0, (note.end or 0) - (note.committed or 0)) if is_known else None,
        in_flight=note.in_flight,
        last_result=_bounded(note.last_result),
        retry=note.retry,
        waits_for=_bounded(note.waits_for),
        dropped=note.dropped,
        last_dropped=note.last_dropped,
        holes=note.holes,
        last_hole=note.last_hole,
        age_seconds=_seconds(now_ms - note.at_ms),
    )


def _moment(ms: int) -> str:
    return to_datetime(ms).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(ms: int) -> float:
    """An age; clocks of different machines differ, and nothing is younger than now."""
    return max(0, ms) / 1000


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
