"""Checks of the way to the brokers, and of what they let the trigger do: asked of them, for real.

Which of IAM's policies and Kafka's ACLs decides is a matter of the listener; so is the advice.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from ...execution.findings import Anonymous, AsRole, Connection, Outcome, Password
from ...store.mappings import EventSourceMapping
from . import by_role
from .by_role import GROUP, LOGIN, TOPIC
from .model import Check, Verdict
from .role import ExaminedRole

if TYPE_CHECKING:
    # librdkafka is large, and all else that this process does needs none of it.
    from ...kafka import Connection as Brokers
    from ...kafka import Probed, Trouble

BROKERS = "brokers"
_READING = ("DESCRIBE", "READ")
_NO_ACLS_YET = (
    "where `allow.everyone.if.no.acl.found` is false and no user may ALTER the cluster "
    "`kafka-cluster`, nobody can add one: apply a configuration revision with true first, with aws "
    "kafka update-cluster-configuration"
)


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
    probed = _probed(mapping, role, outcome, authority, probe)
    yield _reached(outcome, probed)
    if isinstance(outcome.login, AsRole):
        yield from by_role.checks(mapping, role, probed)
    elif probed is not None:
        yield from _told(mapping, outcome, probed)


def _probed(
    mapping: EventSourceMapping,
    role: ExaminedRole,
    outcome: Connection,
    authority: Callable[[], str],
    probe: Probe,
) -> "Probed | Trouble | None":
    """What the brokers say; None where it is the role that has to ask, and nobody may assume it."""
    from ...execution.connecting import brokers_of_mapping

    if isinstance(outcome.login, AsRole) and role.signing is None:
        return None
    brokers = brokers_of_mapping(mapping, outcome, authority, role.session)
    return probe(brokers, mapping.group_id, mapping.topic)


def _listener(outcome: Connection) -> str:
    """Which listener it is, and why that one."""
    where = ", ".join(outcome.bootstrap_servers)
    match outcome.login:
        case Password(mechanism):
            return f"{where}: {mechanism}, as the mapping names a secret"
        case AsRole():
            return (
                f"{where}: IAM access control, as the mapping names no secret and the cluster has "
                "it on: it comes before all others, and none is tried when it fails"
            )
        case Anonymous() if outcome.is_tls:
            return f"{where}: TLS without a login, as the mapping names no secret"
        case _:
            return f"{where}: plaintext without a login, as the mapping names no secret"


def _reached(outcome: Connection, probed: "Probed | Trouble | None") -> Check:
    from ...kafka import NotAuthenticated, NotTrusted, Probed

    listener = _listener(outcome)
    match probed:
        case None:
            what = f"{listener}; not asked, as the role cannot be assumed"
            return Check(BROKERS, Verdict.SKIPPED, what)
        case Probed() | NotAuthenticated():
            return Check(BROKERS, Verdict.OK, listener)
        case NotTrusted(_, text):
            what = f"{listener}: the brokers' certificate is not trusted: {text}"
            next_ = "name a secret of type SERVER_ROOT_CA_CERTIFICATE"
            return Check(BROKERS, Verdict.PROBLEM, what, next_)
        case _:
            what = f"{listener}: {probed.text}"
            next_ = "see that the brokers are up: sluicegate status"
            return Check(BROKERS, Verdict.PROBLEM, what, next_)


def _told(
    mapping: EventSourceMapping, outcome: Connection, probed: "Probed | Trouble"
) -> Iterator[Check]:
    from ...kafka import NotAuthenticated, Probed

    who = outcome.login.username if isinstance(outcome.login, Password) else "ANONYMOUS"
    match probed:
        case Probed():
            yield Check(LOGIN, Verdict.OK, f"the brokers know User:{who}")
            yield _topic(mapping, who, probed)
            yield _group(mapping, who, probed)
            return
        case NotAuthenticated(_, text):
            what = f"the brokers refuse User:{who}: {text}"
            yield Check(LOGIN, Verdict.PROBLEM, what, "correct user and password in the secret")
        case _:
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
