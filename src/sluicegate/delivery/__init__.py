"""PURE: from records to a settled batch: filter, batch, event, answer, retry, discard, ledger."""

from .answer import (
    Answer,
    Failed,
    PartlyFailed,
    Response,
    Success,
    Throttled,
    TooLarge,
    read_answer,
)
from .batcher import Bounds
from .discard import Context, Message, invocation_record, messages, object_key
from .event import PAYLOAD_LIMIT_BYTES, EventEncoder, EventSource, map_key
from .filters import Filters
from .ledger import Commit
from .path import DataPath
from .records import Batch, Headers, Record, Run, Share, batch_of
from .retry import RetryPolicy
from .rules import InvalidPattern
from .work import Discard, Invoke, Progress, Work

__all__ = [
    "PAYLOAD_LIMIT_BYTES",
    "Answer",
    "Batch",
    "Bounds",
    "Commit",
    "Context",
    "DataPath",
    "Discard",
    "EventEncoder",
    "EventSource",
    "Failed",
    "Filters",
    "Headers",
    "InvalidPattern",
    "Invoke",
    "Message",
    "PartlyFailed",
    "Progress",
    "Record",
    "Response",
    "RetryPolicy",
    "Run",
    "Share",
    "Success",
    "Throttled",
    "TooLarge",
    "Work",
    "batch_of",
    "invocation_record",
    "map_key",
    "messages",
    "object_key",
    "read_answer",
]
