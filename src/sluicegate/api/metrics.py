"""What a scraper reads: how clusters and mappings are, how far, and what this process has lost."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from .. import __version__
from ..arn import Arn
from ..store import mappings
from .exposition import COUNTER, GAUGE, Family, Sample, rendered
from .status import ClusterStatus, MappingStatus, PartitionStatus, Seen

# Each is nine series: what a scraper of ordinary means still takes in.
_MOST_PARTITIONS = 10_000

_CLUSTER_STATES = ("CREATING", "ACTIVE", "HEALING", "UPDATING", "FAILED", "DELETING")
_MAPPING_STATES = (
    *(mappings.CREATING, mappings.ENABLED, mappings.DISABLED, mappings.ENABLING),
    *(mappings.DISABLING, mappings.UPDATING, mappings.DELETING),
)

_Noted = tuple[MappingStatus, PartitionStatus]


@dataclass(frozen=True, slots=True)
class Counters:
    """What this process has counted since its start."""

    decisions_dropped: int = 0
    last_used_dropped: int = 0
    log_events_lost: int = 0


def exposed(seen: Seen, counters: Counters) -> bytes:
    """The text a scraper gets."""
    noted = [(mapping, each) for mapping in seen.mappings for each in mapping.partitions]
    families = (
        *_process(counters),
        *_clusters(seen.clusters),
        *_mappings(seen.mappings),
        *_partitions(noted),
    )
    return rendered(families)


def _process(counters: Counters) -> Iterator[Family]:
    version = {"version": __version__}
    yield Family("sluicegate_build_info", GAUGE, "The version that runs.", [Sample(1, version)])
    for name, manual, value in (
        (
            "sluicegate_decisions_dropped_total",
            "Decisions that could not be recorded.",
            counters.decisions_dropped,
        ),
        (
            "sluicegate_last_used_dropped_total",
            "Times of use of keys and roles that could not be recorded.",
            counters.last_used_dropped,
        ),
        (
            "sluicegate_log_events_lost_total",
            "Log events of functions, invoked by this process, that could not be written.",
            counters.log_events_lost,
        ),
    ):
        yield Family(name, COUNTER, manual, [Sample(value)])


def _clusters(found: Sequence[ClusterStatus]) -> Iterator[Family]:
    labelled = [(each, _cluster_labels(each)) for each in found]
    yield Family(
        "sluicegate_cluster_state",
        GAUGE,
        "1 for the state a cluster is in, 0 for the others.",
        [
            sample
            for each, labels in labelled
            for sample in _states(labels, _CLUSTER_STATES, each.state)
        ],
    )
    yield Family(
        "sluicegate_cluster_brokers",
        GAUGE,
        "Brokers a cluster has.",
        [Sample(len(each.nodes), labels) for each, labels in labelled],
    )
    yield Family(
        "sluicegate_cluster_secrets_failed",
        GAUGE,
        "Secrets of a cluster's users that cannot be used as they are.",
        [
            Sample(sum(user.error is not None for user in each.users), labels)
            for each, labels in labelled
        ],
    )


def _mappings(found: Sequence[MappingStatus]) -> Iterator[Family]:
    yield Family(
        "sluicegate_mapping_info",
        GAUGE,
        "What an event source mapping reads, and which function it invokes.",
        [Sample(1, _mapping_labels(each)) for each in found],
    )
    yield Family(
        "sluicegate_mapping_state",
        GAUGE,
        "1 for the state a mapping is in, 0 for the others.",
        [
            sample
            for each in found
            for sample in _states({"mapping": each.id}, _MAPPING_STATES, each.state)
        ],
    )
    for name, manual, holds in (
        (
            "sluicegate_mapping_problem",
            "1 while a mapping's last processing result is a problem.",
            lambda each: each.last_processing_result.startswith("PROBLEM:"),
        ),
        (
            "sluicegate_mapping_kept",
            "1 while somebody holds a mapping's lease.",
            lambda each: each.lease_holder is not None,
        ),
    ):
        samples = [Sample(int(holds(each)), {"mapping": each.id}) for each in found]
        yield Family(name, GAUGE, manual, samples)


_OF_PARTITIONS: dict[str, tuple[str, Callable[[PartitionStatus], float | None]]] = {
    "sluicegate_partition_lag_records": (
        "Records of a partition that are not settled yet.",
        lambda each: each.lag,
    ),
    "sluicegate_partition_committed_offset": (
        "Where a mapping would go on after a restart.",
        lambda each: each.committed,
    ),
    "sluicegate_partition_position_offset": (
        "What a mapping reads next.",
        lambda each: each.position,
    ),
    "sluicegate_partition_end_offset": (
        "Where a partition ends.",
        lambda each: each.end,
    ),
    "sluicegate_partition_in_flight_records": (
        "Records of a partition that are with the function.",
        lambda each: each.in_flight,
    ),
    "sluicegate_partition_retries": (
        "Attempts at the batch in flight after the first one.",
        lambda each: each.retry,
    ),
    "sluicegate_partition_note_age_seconds": (
        "How long ago a partition's numbers last changed.",
        lambda each: each.age_seconds,
    ),
}


_LOST: dict[str, tuple[str, Callable[[PartitionStatus], float | None]]] = {
    "sluicegate_partition_dropped_records_total": (
        "Records of a partition that were given up: too large for an event.",
        lambda each: each.dropped,
    ),
    "sluicegate_partition_holes_total": (
        "How often records of a partition, or the offset of its group, were gone.",
        lambda each: each.holes,
    ),
}


def _partitions(noted: Sequence[_Noted]) -> Iterator[Family]:
    told = list(islice(noted, _MOST_PARTITIONS))
    for name, (manual, number) in (_OF_PARTITIONS | _LOST).items():
        numbers = ((number(each), mapping, each) for mapping, each in told)
        yield Family(
            name,
            COUNTER if name in _LOST else GAUGE,
            manual,
            [
                Sample(value, {"mapping": mapping.id, "partition": str(each.partition)})
                for value, mapping, each in numbers
                if value is not None
            ],
        )
    yield Family(
        "sluicegate_partitions_left_out",
        GAUGE,
        f"Partitions beyond the first {_MOST_PARTITIONS}, which are not told of.",
        [Sample(len(noted) - len(told))],
    )


def _states(labels: Mapping[str, str], known: Sequence[str], state: str) -> Iterator[Sample]:
    for each in (*known, *({state} - set(known))):
        yield Sample(int(each == state), {**labels, "state": each})


def _cluster_labels(cluster: ClusterStatus) -> Mapping[str, str]:
    arn = Arn.parse(cluster.arn)
    # Names are one account's and region's: another one's cluster may have the same.
    return {"cluster": cluster.name, "account": arn.account, "region": arn.region}


def _mapping_labels(mapping: MappingStatus) -> Mapping[str, str]:
    arn = Arn.parse(mapping.arn)
    return {
        "mapping": mapping.id,
        "account": arn.account,
        "region": arn.region,
        "function": mapping.function_name,
        "topic": mapping.topic,
        "group": mapping.group,
    }
