"""Server properties of a configuration: what MSK lets one set, and what is wrong with the rest.

What is not in the table is refused: a property can name a class to load, a file to read, or
somebody to be a super user.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from .refusals import invalid

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_NAME_END = re.compile(r"\s*[=:\s]\s*")
_LONGEST = 64 * 1024
_SHORT, _INT, _LONG = 2**15 - 1, 2**31 - 1, 2**63 - 1

Check = Callable[[str], bool]


def _one_of(*values: str) -> Check:
    return lambda text: text in values


def _list_of(*values: str) -> Check:
    return lambda text: all(part.strip() in values for part in text.split(","))


def _flag(text: str) -> bool:
    return text.lower() in ("true", "false")


def _whole(least: int, most: int, besides: int | None = None) -> Check:
    """A whole number from `least` to `most`, or `besides`, which means that there is no limit."""

    def check(text: str) -> bool:
        if not _WHOLE.fullmatch(text):
            return False
        return least <= int(text) <= most or int(text) == besides

    return check


def _share(text: str) -> bool:
    return bool(_DECIMAL.fullmatch(text)) and float(text) <= 1


# As Kafka has them in its definition of server properties, and checks them when it starts.
_TABLE: Mapping[Check, str] = {
    _flag: """
        allow.everyone.if.no.acl.found auto.create.topics.enable delete.topic.enable
        log.preallocate unclean.leader.election.enable
    """,
    _whole(1, _SHORT): """
        offsets.topic.replication.factor transaction.state.log.replication.factor
    """,
    _whole(1, _INT): """
        log.roll.hours min.insync.replicas num.io.threads num.network.threads num.partitions
        num.recovery.threads.per.data.dir num.replica.fetchers offsets.retention.minutes
        socket.request.max.bytes transaction.max.timeout.ms transaction.state.log.min.isr
        transactional.id.expiration.ms
    """,
    _whole(0, _INT): """
        leader.imbalance.per.broker.percentage log.index.interval.bytes log.roll.jitter.hours
        max.incremental.fetch.session.cache.slots message.max.bytes replica.fetch.max.bytes
        replica.fetch.response.max.bytes
    """,
    _whole(-_INT - 1, _INT): """
        default.replication.factor group.initial.rebalance.delay.ms group.max.session.timeout.ms
        group.min.session.timeout.ms
    """,
    _whole(4, _INT): "log.index.size.max.bytes",
    _whole(2**20, _INT): "log.segment.bytes",
    _whole(1, _INT, besides=-1): """
        log.retention.hours log.retention.minutes replica.socket.receive.buffer.bytes
        socket.receive.buffer.bytes socket.send.buffer.bytes
    """,
    _whole(1, _LONG): """
        log.flush.interval.messages log.retention.check.interval.ms log.roll.ms
    """,
    _whole(0, _LONG): """
        log.cleaner.delete.retention.ms log.flush.interval.ms log.message.timestamp.after.max.ms
        log.message.timestamp.before.max.ms log.roll.jitter.ms log.segment.delete.delay.ms
    """,
    _whole(-_LONG - 1, _LONG): "log.retention.bytes",
    _whole(1, _LONG, besides=-1): "log.retention.ms",
    # Longer than a client waits whose login failed, 100 ms.
    _whole(101, _LONG, besides=-1): "connections.max.idle.ms",
    # No shorter than a follower waits for records.
    _whole(500, _LONG): "replica.lag.time.max.ms",
    # No longer than the longest of all, which cannot be set.
    _whole(1, 15_000): """
        group.consumer.heartbeat.interval.ms group.consumer.min.heartbeat.interval.ms
        group.share.heartbeat.interval.ms group.share.min.heartbeat.interval.ms
    """,
    _share: "log.cleaner.min.cleanable.ratio",
    _one_of("gzip", "snappy", "lz4", "zstd", "uncompressed", "producer"): "compression.type",
    _list_of("delete", "compact"): "log.cleanup.policy",
    _one_of("CreateTime", "LogAppendTime"): "log.message.timestamp.type",
}

CHECKS: Mapping[str, Check] = {
    name: check for check, names in _TABLE.items() for name in names.split()
}

_HEARTBEATS = tuple(
    (f"group.{kind}.min.heartbeat.interval.ms", f"group.{kind}.heartbeat.interval.ms")
    for kind in ("consumer", "share")
)

_OBSOLETE = frozenset(
    {
        "log.message.format.version",
        "log.message.timestamp.difference.max.ms",
        "replica.selector.class",
        "zookeeper.connection.timeout.ms",
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
    faults = faults or [fault for names in _HEARTBEATS for fault in _too_often(*names, pairs)]
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


def _too_often(least: str, name: str, pairs: Mapping[str, str]) -> Iterator[dict[str, object]]:
    if least in pairs and name in pairs and int(pairs[name]) < int(pairs[least]):
        message = f"Value '{pairs[name]}' for key '{name}' must not be less than that of '{least}'."
        yield {"name": name, "value": pairs[name], "errorMessages": [message]}


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
