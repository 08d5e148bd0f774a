"""The event a function gets, byte for byte: each record encoded once, an event put together.

A record is encoded when it arrives. Its size is then known and not estimated, so a batch ends
exactly where the payload's bound is; a retry or a half costs a copy; and while a function runs, the
next batch is encoded. The price, against encoding an event as a whole, is a fifth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import msgspec

from .records import Batch, Headers, Record, Run

PAYLOAD_LIMIT_BYTES = 6_291_456
"""What an invocation may carry: 6 MiB."""

MSK = "aws:kafka"
# AWS's documentation says SelfManagedKafka; its Powertools accept this one alone.
SELF_MANAGED = "aws:SelfManagedKafka"


@dataclass(frozen=True, slots=True)
class EventSource:
    """Where the records come from, as the event says it: the same in every event of a mapping.

    `arn` is the MSK cluster's (or VPC connection's); "" for a self-managed cluster.
    `bootstrap_servers` are joined by commas.
    """

    arn: str
    bootstrap_servers: str

    def members(self) -> dict[str, str]:
        """The members of the event that say it."""
        if self.arn:
            return {
                "eventSource": MSK,
                "eventSourceArn": self.arn,
                "bootstrapServers": self.bootstrap_servers,
            }
        return {"eventSource": SELF_MANAGED, "bootstrapServers": self.bootstrap_servers}


class EventEncoder:
    """Encodes the records of one topic, and joins them to events.

    The size of an event is `base_bytes`, and for each partition `share_bytes(partition)`, its
    share, and a comma but for the last one.
    """

    def __init__(self, source: EventSource, topic: str) -> None:
        encoder = msgspec.json.Encoder(enc_hook=_plain)
        head = encoder.encode(source.members())
        self.source = source
        self.topic = topic
        self.base_bytes = len(head) + len(b',"records":{}')
        self._encoder = encoder
        self._head = head[:-1] + b',"records":{'
        self._keys: dict[int, bytes] = {}

    def encode(self, records: Sequence[Record]) -> Run:
        """The records, which are of one partition, as they stand in an event."""
        encoded = list(map(self._encoder.encode, records))
        # Each ends before the comma that follows it.
        ends = [end + at for at, end in enumerate(accumulate(map(len, encoded)))]
        return Run(records, ends, 0, b",".join(encoded))

    def event(self, batch: Batch) -> bytes:
        """The event of a batch, complete."""
        parts: list[bytes | memoryview] = []
        before = self._head
        for share in batch.shares:
            before += self._key(share.partition)
            for run in share.runs:
                parts += (before, run.view)
                before = b","
            before = b"],"
        return b"".join((*parts, b"]}}"))

    def size(self, batch: Batch) -> int:
        """How long `event` of this batch is."""
        shares = batch.shares
        inner = sum(self.share_bytes(share.partition) + share.size for share in shares)
        return self.base_bytes + inner + len(shares) - 1

    def share_bytes(self, partition: int) -> int:
        """What a partition adds to an event besides its records."""
        return len(self._key(partition)) + 1

    def _key(self, partition: int) -> bytes:
        """`"topic-3":[`."""
        key = self._keys.get(partition)
        if key is None:
            key = self._keys[partition] = b'"%b":[' % (map_key(self.topic, partition).encode())
        return key


def map_key(topic: str, partition: int) -> str:
    """How the event names a partition; a partial answer names it so as well."""
    return f"{topic}-{partition}"


def _plain(headers: object) -> Sequence[dict[str, list[int] | None]]:
    """Headers as the event has them: an object each, the value as Java's signed bytes."""
    assert isinstance(headers, Headers)
    return [
        {name: None if value is None else list(memoryview(value).cast("b"))}
        for name, value in headers.pairs
    ]
