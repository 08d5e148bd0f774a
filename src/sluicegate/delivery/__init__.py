"""PURE: from records to a settled batch: filter, batch, event, answer, retry, discard, ledger."""

from .event import PAYLOAD_LIMIT_BYTES, EventEncoder, EventSource
from .records import Batch, Headers, Record, Run, Share, batch_of

__all__ = [
    "PAYLOAD_LIMIT_BYTES",
    "Batch",
    "EventEncoder",
    "EventSource",
    "Headers",
    "Record",
    "Run",
    "Share",
    "batch_of",
]
