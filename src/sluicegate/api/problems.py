"""What is wrong with what an account has, each with what to do next.

One place for all who tell of it: the path, the command line and whoever reads its JSON.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..store.clusters import AWAY, LATE, STARTING
from ..store.mappings import DISABLED
from .status import ClusterStatus, MappingStatus, PartitionStatus, Status

# Longer than jars take to be fetched and brokers to start, and than a worker may be missed.
_MAKING_SECONDS = 120.0
_UNKEPT_SECONDS = 30.0

_BROKEN = frozenset({"HEALING", "FAILED"})
_FAULT = "PROBLEM:"
_ENDED = re.compile(r"broker (\d+) ended")
_TAKEN = re.compile(r"port (\d+) on \S+ is taken")
_AGAIN = "it is tried again by itself, within half a minute"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong: with what, how, and what to do next (words or one command)."""

    about: str
    what: str
    next: str


def problems_of(status: Status) -> tuple[Problem, ...]:
    """All that is wrong, clusters first: what reads from them suffers with them."""
    logs = {each.name: each.log_group for each in status.functions}
    found = [problem for each in status.clusters for problem in _of_cluster(each)]
    found += [problem for each in status.mappings for problem in _of_mapping(each, logs)]
    return tuple(found)


def _of_cluster(cluster: ClusterStatus) -> Iterator[Problem]:
    about = f"cluster {cluster.name}"
    why = f": {cluster.reason}" if cluster.reason else ""
    if cluster.state in _BROKEN:
        yield Problem(about, f"is {cluster.state}{why}", _next_of(cluster))
    elif cluster.state == "CREATING" and cluster.age_seconds > _MAKING_SECONDS:
        yield Problem(about, f"is still CREATING{why}", _next_of(cluster))
    for user in cluster.users:
        if user.error is None:
            continue
        if user.is_to_go:
            yield Problem(
                about,
                f"still has user {user.username} of the secret {user.secret_arn}: {user.error}",
                f"put right what it names; {_AGAIN}",
            )
        else:
            yield Problem(
                about,
                f"cannot use the secret {user.secret_arn}: {user.error}",
                "correct the secret; where MSK may not read it, aws kafka "
                f"batch-associate-scram-secret --cluster-arn {cluster.arn} "
                f"--secret-arn-list {user.secret_arn}",
            )


def _next_of(cluster: ClusterStatus) -> str:
    """What to do about a cluster that is not up: by why it is not."""
    reason = cluster.reason or STARTING
    if reason.startswith(AWAY):
        return f"run `sluicegate serve` on {cluster.machine}: it is up once its brokers are"
    if ended := _ENDED.match(reason):
        return f"read {_log(cluster, ended[1])}; {_AGAIN}"
    if taken := _TAKEN.match(reason):
        return f"find who has it with ss -ltnp 'sport = :{taken[1]}', and end it; {_AGAIN}"
    if reason in (STARTING, LATE):
        talk = "what `sluicegate serve` says on its standard error"
        return f"wait a minute; if it stays, read {_log(cluster, 'N')} of each broker N, and {talk}"
    if cluster.state == "CREATING":
        return f"put right what it names, or wait for what is under way; {_AGAIN}"
    return f"put right what it names; {_AGAIN}"


def _log(cluster: ClusterStatus, node: str) -> str:
    """Where a broker's log is."""
    where = f" on {cluster.machine}" if cluster.machine else ""
    return f"{cluster.folder or 'its folder'}/broker-{node}/broker.log{where}"


def _of_mapping(mapping: MappingStatus, logs: Mapping[str, str]) -> Iterator[Problem]:
    about = f"mapping {mapping.id}"
    if mapping.state == DISABLED:
        return
    if mapping.lease_holder is None and mapping.age_seconds > _UNKEPT_SECONDS:
        yield Problem(
            about,
            f"is {mapping.state} and nobody keeps it",
            "run `sluicegate serve` on this state, and read what it says on its standard error",
        )
    if mapping.last_processing_result.startswith(_FAULT):
        yield Problem(about, mapping.last_processing_result, _remedy(mapping, logs))
    for partition in mapping.partitions:
        if partition.retry:
            yield Problem(about, _retried(mapping, partition), _read_log(mapping, logs))


def _retried(mapping: MappingStatus, partition: PartitionStatus) -> str:
    where = "" if partition.committed is None else f" from offset {partition.committed} on"
    result = f": {partition.last_result}" if partition.last_result else ""
    return (
        f"partition {partition.partition} of {mapping.topic} is held up by retry "
        f"{partition.retry} of what comes{where}{result}"
    )


def _remedy(mapping: MappingStatus, logs: Mapping[str, str]) -> str:
    """What to do about a LastProcessingResult: the first of the table that it contains."""
    see = f"aws lambda get-event-source-mapping --uuid {mapping.id}"
    role = (
        f"aws lambda get-function-configuration --function-name {mapping.function_name} "
        "--query Role"
    )
    remedies = {
        "Function call failed": _read_log(mapping, logs),
        "assume your function execution role": f"let lambda.amazonaws.com assume the role: {role}",
        "Please add ": f"allow that action to the role: {role}",
        "Cannot access secret": f"allow the role to read and decrypt it: {role}",
        "failed to authorize Lambda": (
            f"allow its Kafka user, or the role, to read topic {mapping.topic} and group "
            f"{mapping.group}: {see}"
        ),
        "SASL authentication failed": f"correct user and password in its secret: {see}",
        "authenticate": f"correct its certificates: {see}",
        "certificate": f"correct its certificates: {see}",
        "cannot be resolved": f"correct its bootstrap servers: {see}",
        "Connection error": (
            f"see that the brokers are up, that topic {mapping.topic} is there and that the "
            f"security groups let it through: {see}"
        ),
    }
    result = mapping.last_processing_result
    return next((remedy for text, remedy in remedies.items() if text in result), see)


def _read_log(mapping: MappingStatus, logs: Mapping[str, str]) -> str:
    name = mapping.function_name
    if name not in logs:
        make = f"aws lambda create-function --function-name {name}"
        return f"the function is gone; make it again: {make}"
    return f"read the function's log: aws logs tail {logs[name]} --since 10m"
