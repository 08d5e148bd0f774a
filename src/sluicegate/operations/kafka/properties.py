"""Server properties of a configuration: what MSK lets one set, and what is wrong with the rest.

What is not in the table is refused: a property can name a class to load, a file to read, or
somebody to be a super user.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from .refusals import invalid

_WHOLE = re.compile(r"-?\d{1,19}")
_DECIMAL = re.compile(r"\d{1,9}(\.\d{1,9})?")
_NAME_END = re.compile(r"\s*[=:\s]\s*")
_LONGEST = 64 * 1024

Check = Callable[[str], bool]


def _one_of(*values: str) -> Check:
    return lambda text: all(part.strip() in values for part in text.split(","))


def _whole(text: str) -> bool:
    return bool(_WHOLE.fullmatch(text))


def _decimal(text: str) -> bool:
    return bool(_DECIMAL.fullmatch(text))


_flag = _one_of("true", "false")

_FLAGS = """
    allow.everyone.if.no.acl.found auto.create.topics.enable delete.topic.enable log.preallocate
    unclean.leader.election.enable
"""
_WHOLES = """
    connections.max.idle.ms default.replication.factor group.consumer.heartbeat.interval.ms
    group.consumer.min.heartbeat.interval.ms group.initial.rebalance.delay.ms
    group.max.session.timeout.ms group.min.session.timeout.ms group.share.heartbeat.interval.ms
    group.share.min.heartbeat.interval.ms leader.imbalance.per.broker.percentage
    log.cleaner.delete.retention.ms log.flush.interval.messages log.flush.interval.ms
    log.index.interval.bytes log.index.size.max.bytes log.message.timestamp.after.max.ms
    log.message.timestamp.before.max.ms log.retention.bytes log.retention.check.interval.ms
    log.retention.hours log.retention.minutes log.retention.ms log.roll.hours log.roll.jitter.hours
    log.roll.jitter.ms log.roll.ms log.segment.bytes log.segment.delete.delay.ms
    max.incremental.fetch.session.cache.slots message.max.bytes min.insync.replicas num.io.threads
    num.network.threads num.partitions num.recovery.threads.per.data.dir num.replica.fetchers
    offsets.retention.minutes offsets.topic.replication.factor replica.fetch.max.bytes
    replica.fetch.response.max.bytes replica.lag.time.max.ms replica.socket.receive.buffer.bytes
    socket.receive.buffer.bytes socket.request.max.bytes socket.send.buffer.bytes
    transaction.max.timeout.ms transaction.state.log.min.isr
    transaction.state.log.replication.factor transactional.id.expiration.ms
"""

CHECKS: Mapping[str, Check] = {
    **dict.fromkeys(_FLAGS.split(), _flag),
    **dict.fromkeys(_WHOLES.split(), _whole),
    "log.cleaner.min.cleanable.ratio": _decimal,
    "compression.type": _one_of("gzip", "snappy", "lz4", "zstd", "uncompressed", "producer"),
    "log.cleanup.policy": _one_of("delete", "compact"),
    "log.message.timestamp.type": _one_of("CreateTime", "LogAppendTime"),
}

_OBSOLETE = frozenset(
    {
        "log.message.format.version",
        "log.message.timestamp.difference.max.ms",
        "replica.selector.class",
        "zookeeper.session.timeout.ms",
    }
)
"""What MSK takes and the Kafka of today does not have, or has as MSK sets it."""


def checked(content: bytes, versions: Iterable[str]) -> tuple[str, dict[str, str]]:
    """The text of server properties, and those of them that have an effect; or MSK's refusal."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise invalid("The server properties must be UTF-8 text.", "serverProperties") from None
    if len(content) > _LONGEST or "\0" in text:
        raise invalid(
            f"The server properties must be text of at most {_LONGEST} bytes.", "serverProperties"
        )
    pairs = dict(_pairs(text))
    faults = [fault for name, value in pairs.items() for fault in _faults(name, value, versions)]
    if faults:
        raise invalid(json.dumps(faults, indent=2), "serverProperties")
    return text, {name: value for name, value in pairs.items() if name not in _OBSOLETE}


def _faults(name: str, value: str, versions: Iterable[str]) -> Iterator[dict[str, object]]:
    check = CHECKS.get(name)
    if check is None and name not in _OBSOLETE:
        message = (
            f"Key '{name}' is not supported by at least one Apache Kafka version. "
            f"Key checked against versions: [{', '.join(versions)}]"
        )
    elif check is not None and not check(value):
        message = f"Value '{value}' is not valid for key '{name}'."
    else:
        return
    yield {"name": name, "value": value, "errorMessages": [message]}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Names and values of a Java properties text, without its escapes, which no name here needs."""
    lines = iter(text.splitlines())
    for line in lines:
        whole = line.strip()
        while whole.endswith("\\") and not whole.startswith(("#", "!")):
            whole = whole[:-1] + next(lines, "").strip()
        if not whole or whole[0] in "#!":
            continue
        name, *value = _NAME_END.split(whole, maxsplit=1)
        yield name, value[0].strip() if value else ""
