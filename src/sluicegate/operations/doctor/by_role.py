"""Checks of brokers that know the trigger by its execution role: what policies say, and what they
say.

Policies are judged here and asked of the brokers for real, which have the same judge. Where the two
do not agree, that is told.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...access import Ask, ResourcePolicy
from ...access.cluster_policies import of_cluster
from ...execution import plan
from ...execution.plan import Need, On, When
from ...store import clusters
from ...store.clusters import part_arn
from ...store.mappings import EventSourceMapping
from ..operation import Call
from .model import Check, Permission, Verdict
from .role import ExaminedRole

if TYPE_CHECKING:
    from ...kafka import Probed, Trouble

LOGIN, TOPIC, GROUP = "login", "topic", "group"
_OPERATIONS = {
    "kafka-cluster:DescribeTopic": "DESCRIBE",
    "kafka-cluster:ReadData": "READ",
    "kafka-cluster:DescribeGroup": "DESCRIBE",
    "kafka-cluster:AlterGroup": "READ",
}
"""What brokers call it, by the action they ask for it."""

_OTHER_SERVICE = (
    "no kafka: action grants it, not even kafka:*, and the managed policy for triggers has none"
)
_DECIDES = "IAM policies decide on this listener, and Kafka's ACLs do not count"
_DISAGREE = "what the brokers do and what the policies say is not the same, which must not be"
# As brokers name a refused login, whose reason they keep from who is refused.
_REFUSAL = re.compile(r"\[([0-9a-f-]{36})\]")


def checks(
    mapping: EventSourceMapping, role: ExaminedRole, probed: "Probed | Trouble | None"
) -> Iterator[Check]:
    """The login, the topic and the group; `probed` is None where nobody could be asked as."""
    from ...kafka import Probed

    yield _login(role, _judged(mapping, role, On.CLUSTER), probed)
    topic, group = (probed.topic, probed.group) if isinstance(probed, Probed) else (None, None)
    yield _part(TOPIC, mapping.topic, role, _judged(mapping, role, On.TOPIC), topic)
    yield _part(GROUP, mapping.group_id, role, _judged(mapping, role, On.GROUP), group)


def _login(
    role: ExaminedRole, found: tuple[Permission, ...], probed: "Probed | Trouble | None"
) -> Check:
    from ...kafka import NotAuthenticated, Probed

    denied = _denied(found)
    match probed:
        case Probed():
            if denied:
                what = f"{denied}; yet the brokers let {role.arn} in: {_DISAGREE}"
                return Check(LOGIN, Verdict.PROBLEM, what, _next(found), found)
            what = f"the brokers know {role.arn}; {_DECIDES}"
            return Check(LOGIN, Verdict.OK, what, "", found)
        case NotAuthenticated(_, text):
            refused = f"the brokers refuse {role.arn}: {text}"
            if denied:
                return Check(LOGIN, Verdict.PROBLEM, f"{denied}; {refused}", _next(found), found)
            what = f"{refused}, though its policies allow {found[0].action}: {_DISAGREE}"
            named = _REFUSAL.search(text)
            next_ = f"sluicegate explain {named[1]}" if named else ""
            return Check(LOGIN, Verdict.PROBLEM, what, next_, found)
    return _unasked(LOGIN, found)


def _part(
    name: str,
    resource: str,
    role: ExaminedRole,
    found: tuple[Permission, ...],
    may: "frozenset[str] | Trouble | None",
) -> Check:
    """What is allowed with a topic or a group, `may` as brokers say."""
    from ...kafka import NotAuthorized, TopicMissing

    if may is None:
        return _unasked(name, found)
    denied = _denied(found)
    others = [each.action for each in found if _is_other(each, may)]
    if others:
        what = denied or f"the policies let {role.arn} read {name} {resource}"
        what += f"; the brokers say otherwise of {', '.join(others)}: {_DISAGREE}"
        return Check(name, Verdict.PROBLEM, what, _next(found), found)
    if denied:
        return Check(name, Verdict.PROBLEM, denied, _next(found), found)
    match may:
        case TopicMissing():
            what = f"topic {resource} is not there"
            return Check(name, Verdict.PROBLEM, what, f"make the topic {resource}", found)
        case frozenset() | NotAuthorized():
            what = f"IAM policies let {role.arn} read {name} {resource}"
            return Check(name, Verdict.OK, what, "", found)
        case _:
            what = f"allowed; the brokers do not say what they would do: {may.text}"
            return Check(name, Verdict.NOTE, what, "", found)


def _is_other(judged: Permission, may: "frozenset[str] | Trouble") -> bool:
    """Whether brokers say another thing than what was judged. Who may not describe a thing is not
    told what else he may do with it."""
    from ...kafka import NotAuthorized

    operation = _OPERATIONS[judged.action]
    if isinstance(may, NotAuthorized):
        return operation == "DESCRIBE" and judged.is_allowed
    return isinstance(may, frozenset) and (operation in may) != judged.is_allowed


def _unasked(name: str, found: tuple[Permission, ...]) -> Check:
    denied = _denied(found)
    if denied:
        return Check(name, Verdict.PROBLEM, denied, _next(found), found)
    return Check(
        name, Verdict.SKIPPED, "allowed by policies; the brokers were not asked", "", found
    )


def _denied(found: tuple[Permission, ...]) -> str:
    denied = [each.action for each in found if not each.is_allowed]
    return f"denied: {', '.join(denied)}; {_OTHER_SERVICE}" if denied else ""


def _next(found: tuple[Permission, ...]) -> str:
    known = next((each.id for each in found if not each.is_allowed and each.id), "")
    return f"sluicegate explain {known}" if known else ""


def _judged(mapping: EventSourceMapping, role: ExaminedRole, on: On) -> tuple[Permission, ...]:
    steps = [step for step in plan.steps(When.CONNECT, (Need.IAM,)) if step.on is on]
    resource = _resource(mapping, on)

    def asks(call: Call) -> list[Ask]:
        policy = _policy(call, mapping)
        return [Ask(step.action, resource, resource_policy=policy) for step in steps]

    return tuple(role.judged("kafka-cluster", asks))


def _policy(call: Call, mapping: EventSourceMapping) -> ResourcePolicy | None:
    """The policy of the mapping's cluster, which brokers ask as well."""
    cluster_arn = mapping.event_source_arn or ""
    with call.database.read() as tx:
        cluster = clusters.find(tx, cluster_arn.rpartition("/")[2])
        is_its = cluster is not None and cluster.arn == cluster_arn
        return of_cluster(tx, cluster) if cluster and is_its else None


def _resource(mapping: EventSourceMapping, on: On) -> str:
    """The ARN of a cluster, or a part of it, as `kafka-cluster` actions name it."""
    cluster_arn = mapping.event_source_arn or ""
    names = {On.TOPIC: mapping.topic, On.GROUP: mapping.group_id}
    return part_arn(cluster_arn, on.value, names[on]) if on in names else cluster_arn
