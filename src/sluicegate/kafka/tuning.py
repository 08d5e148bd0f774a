"""What a client of ours that consumes is told, whatever brokers it has."""

from typing import Any

SETTINGS: dict[str, Any] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    # Dynamic members: SIGTERM leaves at once. Classic protocol: brokers of any age.
    "group.protocol": "classic",
    "partition.assignment.strategy": "cooperative-sticky",
    "max.poll.interval.ms": 300_000,
    "check.crcs": True,
    # Tells where a partition ends, with the marks of transactions that are no records.
    "enable.partition.eof": True,
    # A partition that is added, or a topic that is made again, is found so soon, not in 5 minutes.
    "topic.metadata.refresh.interval.ms": 10_000,
    # Its default of a second costs up to ten times the throughput.
    "fetch.queue.backoff.ms": 1,
    # A broker answers at once when there is something; this is what a partition that is resumed or
    # moves may wait for the request before it. Ten milliseconds cost a broker a fifth of a core for
    # each consumer that has nothing to do, and nobody is served sooner.
    "fetch.wait.max.ms": 100,
    "queued.min.messages": 100_000,
    "queued.max.messages.kbytes": 32_768,
    # A peer that is silent is given up within half a minute.
    "socket.timeout.ms": 15_000,
    "socket.connection.setup.timeout.ms": 5_000,
    "socket.keepalive.enable": True,
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 2_000,
    "log_level": 0,
}
