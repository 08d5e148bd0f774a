"""PURE: from records to a settled batch: filter, batch, event, answer, retry, discard, ledger."""

from .event import PAYLOAD_LIMIT_BYTES, EventEncoder, EventSource
from .filters import Filters
from .records import Batch, Headers, Record, Run, Share, batch_of
from .rules import InvalidPattern

__all__ = [
    "PAYLOAD_LIMIT_BYTES",
    "Batch",
    "EventEncoder",
    "EventSource",
    "Filters",
    "Headers",
    "InvalidPattern",
    "Record",
    "Run",
    "Share",
    "batch_of",
]
