"""A node's configuration files as text: pure, from a plan and the cluster's passwords.

Paths in them are relative to the node's folder, in which the node runs; so no character of a
user's path has to survive Kafka's lists and Java's escapes.
"""

from collections.abc import Iterable, Iterator, Mapping

from ..errors import BrokerRefused
from .listeners import Listener
from .plan import NodePlan, Secrets

DATA = "data"
KEY_FILE = "broker.pem"
TRUSTED_FILE = "trusted.pem"

_PROTOCOLS = {
    Listener.CONTROLLER: "SASL_PLAINTEXT",
    Listener.REPLICATION: "SASL_PLAINTEXT",
    Listener.CLIENT: "PLAINTEXT",
    Listener.CLIENT_SECURE: "SSL",
    Listener.CLIENT_SASL_SCRAM: "SASL_SSL",
    Listener.CLIENT_IAM: "SASL_SSL",
}
_WITH_TLS = frozenset(listener for listener, it in _PROTOCOLS.items() if it.endswith("SSL"))

# What a cluster's configuration may say, as MSK documents it. What is not in this table is
# refused: a property can name a class to load, a file to read or somebody to be a super user.
ADJUSTABLE = frozenset(
    """
    allow.everyone.if.no.acl.found auto.create.topics.enable compression.type
    connections.max.idle.ms default.replication.factor delete.topic.enable
    group.consumer.heartbeat.interval.ms group.consumer.min.heartbeat.interval.ms
    group.initial.rebalance.delay.ms group.max.session.timeout.ms group.min.session.timeout.ms
    group.share.heartbeat.interval.ms group.share.min.heartbeat.interval.ms
    leader.imbalance.per.broker.percentage log.cleaner.delete.retention.ms
    log.cleaner.min.cleanable.ratio log.cleanup.policy log.flush.interval.messages
    log.flush.interval.ms log.index.interval.bytes log.index.size.max.bytes log.preallocate
    log.message.timestamp.after.max.ms log.message.timestamp.before.max.ms
    log.message.timestamp.type log.retention.bytes log.retention.check.interval.ms
    log.retention.hours log.retention.minutes log.retention.ms log.roll.hours
    log.roll.jitter.hours log.roll.jitter.ms log.roll.ms log.segment.bytes
    log.segment.delete.delay.ms max.incremental.fetch.session.cache.slots message.max.bytes
    min.insync.replicas num.io.threads num.network.threads num.partitions
    num.recovery.threads.per.data.dir num.replica.fetchers offsets.retention.minutes
    offsets.topic.replication.factor replica.fetch.max.bytes replica.fetch.response.max.bytes
    replica.lag.time.max.ms replica.socket.receive.buffer.bytes socket.receive.buffer.bytes
    socket.request.max.bytes socket.send.buffer.bytes transaction.max.timeout.ms
    transaction.state.log.min.isr transaction.state.log.replication.factor
    transactional.id.expiration.ms unclean.leader.election.enable
    """.split()  # noqa: SIM905 - a table, four times as long as a list
)

_Lines = Iterator[tuple[str, str]]


def server_properties(plan: NodePlan, secrets: Secrets) -> str:
    """`server.properties` of one node. `BrokerRefused` for a property that is not adjustable."""
    for name, _ in plan.properties:
        if name not in ADJUSTABLE:
            raise BrokerRefused(f"server property `{name}` cannot be set by a configuration")
    lines = {
        **dict(_small()),
        **dict(_prompt(dict(plan.properties))),
        **dict(_replicated(min(3, plan.brokers))),
        # As MSK: a record of a cluster in three zones outlives any one of them.
        "min.insync.replicas": "2" if plan.zones >= 3 else "1",
        # Where a mapping that is switched off for long would begin must not be forgotten.
        "offsets.retention.minutes": "2147483647",
        **dict(plan.properties),
        # INVARIANT: last, so that no other line is in force for what these say.
        **dict(_listeners(plan)),
        **dict(_internal(secrets)),
        **dict(_for_clients(plan)),
        "log.dirs": DATA,
    }
    return _properties(lines.items())


def _small() -> _Lines:
    """What makes a node fit a laptop."""
    yield "num.network.threads", "1"
    # Four, so that a request that waits does not hold up the others.
    yield "num.io.threads", "4"
    yield "num.recovery.threads.per.data.dir", "1"
    yield "num.replica.fetchers", "1"
    yield "background.threads", "2"
    yield "log.cleaner.threads", "1"
    yield "log.cleaner.dedupe.buffer.size", "4194304"
    yield "offsets.topic.num.partitions", "1"
    yield "transaction.state.log.num.partitions", "1"
    yield "share.coordinator.state.topic.num.partitions", "1"
    yield "queued.max.requests", "100"
    yield "auto.create.topics.enable", "false"
    yield "allow.everyone.if.no.acl.found", "true"


def _prompt(given: Mapping[str, str]) -> _Lines:
    """Timings of nodes that are on one machine, and of people who wait for them."""
    # A node that was killed may register again once its session is over: 9 s by default.
    yield "broker.session.timeout.ms", "2000"
    yield "broker.heartbeat.interval.ms", "500"
    yield "controller.quorum.election.timeout.ms", "300"
    yield "controller.quorum.election.backoff.max.ms", "200"
    yield "controller.quorum.fetch.timeout.ms", "600"
    yield "group.initial.rebalance.delay.ms", "0"
    for kind in ("consumer", "share"):
        # An assignment arrives with the second heartbeat.
        least, usual = (
            f"group.{kind}.min.heartbeat.interval.ms",
            f"group.{kind}.heartbeat.interval.ms",
        )
        # Where one of the two is given, the other is what Kafka takes beside it.
        yield least, str(min(500, int(given.get(usual, 500))))
        yield usual, str(max(500, int(given.get(least, 500))))


def _replicated(factor: int) -> _Lines:
    yield "default.replication.factor", str(factor)
    yield "offsets.topic.replication.factor", str(factor)
    yield "transaction.state.log.replication.factor", str(factor)
    yield "transaction.state.log.min.isr", "1"
    yield "share.coordinator.state.topic.replication.factor", str(factor)
    yield "share.coordinator.state.topic.min.isr", "1"


def _listeners(plan: NodePlan) -> _Lines:
    opened = [f"{listener.name}://{plan.endpoint.at(listener)}" for listener in plan.listening]
    advertised = [line for line in opened if not line.startswith(Listener.CONTROLLER.name)]
    # A node that is no controller must know all the same how controllers are spoken to.
    protocols = [
        f"{listener.name}:{protocol}"
        for listener, protocol in _PROTOCOLS.items()
        if listener in plan.listening or listener is Listener.CONTROLLER
    ]
    yield "process.roles", "broker,controller" if plan.is_controller else "broker"
    yield "node.id", str(plan.node)
    yield "controller.quorum.voters", ",".join(map(str, plan.voters))
    yield "controller.listener.names", Listener.CONTROLLER.name
    yield "inter.broker.listener.name", Listener.REPLICATION.name
    yield "listeners", ",".join(opened)
    yield "advertised.listeners", ",".join(advertised)
    yield "listener.security.protocol.map", ",".join(protocols)


def _internal(secrets: Secrets) -> _Lines:
    """The listeners between nodes, and for the keeper's own client."""
    login = (
        "org.apache.kafka.common.security.plain.PlainLoginModule required "
        f'username="{secrets.broker}" password="{secrets.broker_password}" '
        f'user_{secrets.broker}="{secrets.broker_password}" '
        f'user_{secrets.admin}="{secrets.admin_password}";'
    )
    yield "sasl.mechanism.inter.broker.protocol", "PLAIN"
    yield "sasl.mechanism.controller.protocol", "PLAIN"
    for name in ("controller", "replication"):
        yield f"listener.name.{name}.sasl.enabled.mechanisms", "PLAIN"
        yield f"listener.name.{name}.plain.sasl.jaas.config", login
    # INVARIANT: never `User:ANONYMOUS`, who is everybody on CLIENT, and no name a user can have.
    yield "super.users", f"User:{secrets.broker};User:{secrets.admin}"
    # With or without CLIENT_IAM: what its clients ask of one node, another may have to decide.
    yield "authorizer.class.name", "sluicegate.IamAuthorizer"
    yield "principal.builder.class", "sluicegate.IamPrincipalBuilder"


def _for_clients(plan: NodePlan) -> _Lines:
    if Listener.CLIENT_SASL_SCRAM in plan.listeners:
        scram = "listener.name.client_sasl_scram"
        login = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        yield f"{scram}.sasl.enabled.mechanisms", "SCRAM-SHA-512"
        yield f"{scram}.scram-sha-512.sasl.jaas.config", login
    if Listener.CLIENT_IAM in plan.listeners:
        yield from _iam()
    if plan.listeners & _WITH_TLS:
        yield "ssl.keystore.type", "PEM"
        yield "ssl.keystore.location", KEY_FILE
        yield "ssl.truststore.type", "PEM"
        yield "ssl.truststore.location", TRUSTED_FILE
        yield "listener.name.client_secure.ssl.client.auth", plan.client_certificates.value


def _iam() -> _Lines:
    iam = "listener.name.client_iam"
    # The node logs in to its own listener, as Kafka has it, and wants to know as whom.
    login = (
        "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required "
        'unsecuredLoginStringClaim_sub="node";'
    )
    yield f"{iam}.sasl.enabled.mechanisms", "OAUTHBEARER,AWS_MSK_IAM"
    yield f"{iam}.oauthbearer.sasl.jaas.config", login
    yield f"{iam}.oauthbearer.sasl.server.callback.handler.class", "sluicegate.OAuthHandler"
    yield f"{iam}.aws_msk_iam.sasl.jaas.config", "sluicegate.MskIam$Module required;"


def training_clients(plan: NodePlan, secrets: Secrets) -> str:
    """What `Training` reads: the configuration of each of its clients, behind the client's name."""
    user = ("trainee", secrets.broker_password)
    clients = {
        "admin": (Listener.REPLICATION, "PLAIN", (secrets.admin, secrets.admin_password)),
        "plain": (Listener.CLIENT, "", ("", "")),
        "tls": (Listener.CLIENT_SECURE, "", ("", "")),
        "scram": (Listener.CLIENT_SASL_SCRAM, "SCRAM-SHA-512", user),
    }
    lines = {"admin.user": user[0], "admin.password": user[1]}
    for client, (listener, mechanism, (name, password)) in clients.items():
        lines[f"{client}.bootstrap.servers"] = plan.endpoint.at(listener)
        lines[f"{client}.security.protocol"] = _PROTOCOLS[listener]
        if listener in _WITH_TLS:
            lines[f"{client}.ssl.truststore.type"] = "PEM"
            lines[f"{client}.ssl.truststore.location"] = TRUSTED_FILE
        if mechanism:
            module = "plain.Plain" if mechanism == "PLAIN" else "scram.Scram"
            lines[f"{client}.sasl.mechanism"] = mechanism
            lines[f"{client}.sasl.jaas.config"] = (
                f"org.apache.kafka.common.security.{module}LoginModule required "
                f'username="{name}" password="{password}";'
            )
    return _properties(lines.items())


def log4j2_properties() -> str:
    """What a node says, and how: warnings, and who was denied by an ACL; on standard output."""
    return _properties(
        {
            "status": "error",
            "appender.out.type": "Console",
            "appender.out.name": "out",
            "appender.out.layout.type": "PatternLayout",
            # A few frames of a stack tell where; the rest is Kafka's own.
            "appender.out.layout.pattern": "%d{ISO8601} %p %c{1}: %m%n%ex{12}",
            "rootLogger.level": "warn",
            "rootLogger.appenderRef.out.ref": "out",
            "logger.authorizer.name": "kafka.authorizer.logger",
            "logger.authorizer.level": "info",
        }.items()
    )


def _properties(lines: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{_escaped(name, of_name=True)}={_escaped(value)}\n" for name, value in lines)


def _escaped(text: str, *, of_name: bool = False) -> str:
    """As java.util.Properties reads it back; ASCII only."""
    special = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    if of_name:
        special |= {letter: f"\\{letter}" for letter in " :=#!"}
    escaped = "".join(special.get(letter, letter) for letter in text)
    if escaped.startswith(" "):
        escaped = "\\" + escaped
    return "".join(letter if letter.isascii() else _in_utf16(letter) for letter in escaped)


def _in_utf16(letter: str) -> str:
    code = letter.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{code[at : at + 4]}" for at in range(0, len(code), 4))
