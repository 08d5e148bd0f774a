"""The versions of Kafka that may be asked for. One Kafka runs them all; it is told in stateInfo."""

from collections.abc import Mapping

from ...store.clusters import Cluster
from ..operation import Call, Params, Result
from . import naming, paging
from .refusals import invalid

_ACTIVE, _DEPRECATED = "ACTIVE", "DEPRECATED"
_KRAFT = ".kraft"

_OLD = (
    *("1.1.1", "2.2.1", "2.3.1", "2.4.1", "2.4.1.1", "2.5.1", "2.6.0", "2.6.1", "2.6.2", "2.6.3"),
    *("2.7.0", "2.7.1", "2.7.2", "2.8.0", "2.8.1", "2.8.2.tiered", "3.1.1", "3.2.0", "3.3.1"),
    *("3.3.2", "3.4.0", "3.5.1"),
)
_NEW = (
    *("3.6.0", "3.7.x", "3.7.x.kraft", "3.8.x", "3.8.x.kraft", "3.9.x", "3.9.x.kraft"),
    *("4.0.x", "4.1.x"),
)

VERSIONS: Mapping[str, str] = {
    **dict.fromkeys(_OLD, _DEPRECATED),
    **dict.fromkeys(_NEW, _ACTIVE),
}
"""Each version, the oldest first, with what MSK says of it."""


def check(version: str) -> None:
    """Refuse a version that MSK does not list."""
    if version not in VERSIONS:
        listed = ", ".join(VERSIONS)
        raise invalid(
            f"Unsupported KafkaVersion [{version}]. Valid values: [{listed}]", "kafkaVersion"
        )


def _list(_call: Call, params: Params) -> Result:
    entries = list(enumerate(VERSIONS.items()))
    return paging.page(
        params,
        "KafkaVersions",
        entries,
        lambda entry: entry[0],
        lambda entry: {"Version": entry[1][0], "Status": entry[1][1]},
    )


def _compatible(call: Call, params: Params) -> Result:
    arn = params.get("ClusterArn")
    sources = list(VERSIONS) if arn is None else [_cluster(call, arn).kafka_version]
    shown = [{"SourceVersion": each, "TargetVersions": _targets(each)} for each in sources]
    return {"CompatibleKafkaVersions": [each for each in shown if each["TargetVersions"]]}


def _cluster(call: Call, arn: str) -> Cluster:
    with call.database.read() as tx:
        return naming.cluster_of(tx, call, arn)


def _targets(version: str) -> list[str]:
    """What a cluster may become: later, and with its metadata where they are."""
    order = list(VERSIONS)
    if version not in VERSIONS:
        return []
    later = order[order.index(version) + 1 :]
    return [
        each
        for each in later
        if VERSIONS[each] == _ACTIVE and _is_kraft(each) == _is_kraft(version)
    ]


def _is_kraft(version: str) -> bool:
    return version.endswith(_KRAFT) or version.startswith("4.")


OPERATIONS = (
    naming.on_account("ListKafkaVersions", "/v1/kafka-versions", _list),
    naming.on_account("GetCompatibleKafkaVersions", "/v1/compatible-kafka-versions", _compatible),
)
