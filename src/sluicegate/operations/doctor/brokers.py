"""Checks of the way to the brokers, and of what they let the trigger do: asked of them, for real.

Which of IAM's policies and Kafka's ACLs decides is a matter of the listener; so is the advice.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from ...access import Ask
from ...arn import Arn
from ...execution import plan
from ...execution.findings import Anonymous, Connection, Outcome, Password
from ...execution.plan import Need, On, When
from ...store.mappings import EventSourceMapping
from ..operation import AskedBy
from .model import Check, Verdict
from .role import ExaminedRole

if TYPE_CHECKING:
    # librdkafka is large, and all else that this process does needs none of it.
    from ...kafka import Connection as Brokers
    from ...kafka import Probed, Trouble

BROKERS, LOGIN, TOPIC, GROUP = "brokers", "login", "topic", "group"
_READING = ("DESCRIBE", "READ")
_NO_ACLS_YET = (
    "where `allow.everyone.if.no.acl.found` is false and no user may ALTER the cluster "
    "`kafka-cluster`, nobody can add one: apply a configuration revision with true first, with aws "
    "kafka update-cluster-configuration"
)
_OTHER_SERVICE = (
    "no kafka: action grants it, not even kafka:*, and the managed policy for triggers has none"
)
_NOT_SERVED = "brokers do not serve IAM access control here yet"
_USE_SCRAM = "turn SASL/SCRAM on, and name a secret in the mapping's source access configurations"


class Probe(Protocol):
    """Who asks brokers what a login may do (`kafka.probe`)."""

    def __call__(self, connection: "Brokers", group: str, topic: str) -> "Probed | Trouble": ...


def probe(connection: "Brokers", group: str, topic: str) -> "Probed | Trouble":
    """`Probe` of real brokers."""
    from ... import kafka

    return kafka.probe(connection, group, topic)


def checks(
    mapping: EventSourceMapping,
    role: ExaminedRole,
    outcome: Outcome,
    authority: Callable[[], str],
    probe: Probe,
) -> Iterator[Check]:
    """The listener, the login, the topic and the group."""
    if not isinstance(outcome, Connection):
        for name in (BROKERS, LOGIN, TOPIC, GROUP):
            yield Check(name, Verdict.SKIPPED, "not reached")
        return
    from ...execution.connecting import brokers_of

    brokers = brokers_of(outcome, authority, is_msk=mapping.event_source_arn is not None)
    if brokers is None:
        yield from _of_role(mapping, role)
        return
    yield from _told(mapping, outcome, probe(brokers, mapping.group_id, mapping.topic))


def _listener(outcome: Connection) -> str:
    """Which listener it is, and why that one."""
    where = ", ".join(outcome.bootstrap_servers)
    match outcome.login:
        case Password(mechanism):
            return f"{where}: {mechanism}, as the mapping names a secret"
        case Anonymous() if outcome.is_tls:
            return f"{where}: TLS without a login, as the mapping names no secret"
        case _:
            return f"{where}: plaintext without a login, as the mapping names no secret"


def _told(
    mapping: EventSourceMapping, outcome: Connection, probed: "Probed | Trouble"
) -> Iterator[Check]:
    from ...kafka import NotAuthenticated, NotTrusted, Probed

    listener = _listener(outcome)
    who = outcome.login.username if isinstance(outcome.login, Password) else "ANONYMOUS"
    match probed:
        case Probed():
            yield Check(BROKERS, Verdict.OK, listener)
            yield Check(LOGIN, Verdict.OK, f"the brokers know User:{who}")
            yield _topic(mapping, who, probed)
            yield _group(mapping, who, probed)
            return
        case NotAuthenticated(_, text):
            yield Check(BROKERS, Verdict.OK, listener)
            what = f"the brokers refuse User:{who}: {text}"
            yield Check(LOGIN, Verdict.PROBLEM, what, "correct user and password in the secret")
        case NotTrusted(_, text):
            what = f"{listener}: the brokers' certificate is not trusted: {text}"
            next_ = "name a secret of type SERVER_ROOT_CA_CERTIFICATE"
            yield Check(BROKERS, Verdict.PROBLEM, what, next_)
            yield Check(LOGIN, Verdict.SKIPPED, "not reached")
        case _:
            what = f"{listener}: {probed.text}"
            yield Check(
                BROKERS, Verdict.PROBLEM, what, "see that the brokers are up: sluicegate status"
            )
            yield Check(LOGIN, Verdict.SKIPPED, "not reached")
    yield Check(TOPIC, Verdict.SKIPPED, "not reached")
    yield Check(GROUP, Verdict.SKIPPED, "not reached")


def _topic(mapping: EventSourceMapping, who: str, probed: "Probed") -> Check:
    from ...kafka import TopicMissing

    if isinstance(probed.topic, TopicMissing):
        what = f"topic {mapping.topic} is not there, or User:{who} may not know of it"
        return Check(TOPIC, Verdict.PROBLEM, what, f"make the topic {mapping.topic}")
    return _acls(TOPIC, mapping.topic, who, probed.topic, probed)


def _group(mapping: EventSourceMapping, who: str, probed: "Probed") -> Check:
    return _acls(GROUP, mapping.group_id, who, probed.group, probed)


def _acls(
    name: str, resource: str, who: str, may: "frozenset[str] | Trouble", probed: "Probed"
) -> Check:
    from ...kafka import NotAuthorized

    if not isinstance(may, frozenset | NotAuthorized):
        what = f"the brokers do not say what User:{who} may do with {name} {resource}: {may.text}"
        return Check(name, Verdict.NOTE, what)
    allowed = may if isinstance(may, frozenset) else frozenset()
    lacking = [each for each in _READING if each not in allowed]
    if not lacking:
        what = f"Kafka's ACLs let User:{who} read {name} {resource}"
        return Check(name, Verdict.OK, what)
    what = (
        f"Kafka's ACLs do not let User:{who} {' or '.join(lacking)} {name} {resource}; IAM "
        "policies do not count on this listener"
    )
    if not isinstance(probed.cluster, frozenset) or "ALTER" not in probed.cluster:
        what += f"; {_NO_ACLS_YET}"
    add = " ".join(f"--operation {each.title()}" for each in _READING)
    return Check(
        name,
        Verdict.PROBLEM,
        what,
        f"kafka-acls.sh --bootstrap-server … --add --allow-principal 'User:{who}' {add} "
        f"--{name} '{resource}'",
    )


def _of_role(mapping: EventSourceMapping, role: ExaminedRole) -> Iterator[Check]:
    """IAM access control: what brokers would ask for, though ours do not serve it yet."""
    what = "IAM access control, as the mapping names no secret and the cluster has it on"
    yield Check(BROKERS, Verdict.OK, what)
    for name, on in ((LOGIN, On.CLUSTER), (TOPIC, On.TOPIC), (GROUP, On.GROUP)):
        steps = [step for step in plan.steps(When.CONNECT, (Need.IAM,)) if step.on is on]
        asks = [Ask(step.action, _resource(mapping, on)) for step in steps]
        found = tuple(role.judged("kafka-cluster", _asking(asks)))
        denied = [each.action for each in found if not each.is_allowed]
        what = f"denied: {', '.join(denied)}; {_OTHER_SERVICE}" if denied else "allowed"
        if name == LOGIN:
            yield Check(name, Verdict.PROBLEM, f"{what}; {_NOT_SERVED}", _USE_SCRAM, found)
        else:
            yield Check(name, Verdict.PROBLEM if denied else Verdict.OK, what, "", found)


def _asking(asks: list[Ask]) -> AskedBy:
    return lambda _: asks


def _resource(mapping: EventSourceMapping, on: On) -> str:
    """The ARN of a cluster's part as `kafka-cluster` actions name it."""
    arn = Arn.parse(mapping.event_source_arn or "")
    _, cluster = arn.resource.split("/", 1)
    names = {On.CLUSTER: "", On.TOPIC: f"/{mapping.topic}", On.GROUP: f"/{mapping.group_id}"}
    return str(
        Arn(arn.partition, "kafka", arn.region, arn.account, f"{on.value}/{cluster}{names[on]}")
    )
