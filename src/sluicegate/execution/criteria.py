"""Filter criteria under a customer's key: encrypted with a data key that only KMS can unwrap.

    length of the wrapped key (2) | wrapped key | AES-256-GCM of: the patterns, as JSON

The whole is sealed once more for its row. Whoever opens it asks KMS for the data key first: the
caller of an operation that shows the criteria, or Lambda itself when it polls.
"""

from collections.abc import Sequence

import msgspec

from .. import vault
from ..store.mappings import EventSourceMapping
from ..vault import Vault

_PURPOSE = "filters"
_CONTEXT = "aws:lambda:EventSourceMappingArn"


def context(mapping_arn: str) -> dict[str, str]:
    """The encryption context of a mapping's data key."""
    return {_CONTEXT: mapping_arn}


def close(
    sealer: Vault, mapping: EventSourceMapping, key: bytes, wrapped: bytes, patterns: Sequence[str]
) -> bytes:
    """The patterns, encrypted with a data key and sealed for their mapping's row."""
    body = vault.encrypt(key, msgspec.json.encode(list(patterns)), mapping.arn.encode())
    return sealer.seal(_PURPOSE, _row(mapping), len(wrapped).to_bytes(2) + wrapped + body)


def wrapped_key(sealer: Vault, mapping: EventSourceMapping) -> bytes:
    """What KMS is to decrypt, under `context`."""
    return _split(sealer, mapping)[0]


def opened(sealer: Vault, mapping: EventSourceMapping, key: bytes) -> tuple[str, ...]:
    """The patterns, by the data key KMS has unwrapped."""
    clear = vault.decrypt(key, _split(sealer, mapping)[1], mapping.arn.encode())
    return msgspec.json.decode(clear, type=tuple[str, ...])


def _split(sealer: Vault, mapping: EventSourceMapping) -> tuple[bytes, bytes]:
    envelope = sealer.open(_PURPOSE, _row(mapping), mapping.sealed_filters or b"")
    end = 2 + int.from_bytes(envelope[:2])
    return envelope[2:end], envelope[end:]


def _row(mapping: EventSourceMapping) -> tuple[str, ...]:
    return ("event_source_mappings", mapping.id)
