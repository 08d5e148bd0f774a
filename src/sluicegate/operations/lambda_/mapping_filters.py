"""FilterCriteria: checked, kept in clear or under a customer's key, and shown to who may decrypt.

With a key, the caller makes and tries the data key (DescribeKey, GenerateDataKey, Decrypt).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...delivery.filters import Filters
from ...delivery.rules import InvalidPattern
from ...errors import AccessDenied, AwsError, Unavailable
from ...execution import criteria
from ...store.mappings import EventSourceMapping
from ..operation import Call, Params
from .refusals import invalid

_MOST = 10
_SHORTEST_CODE = 10


def given(params: Params) -> tuple[str, ...] | None:
    """The patterns of a request, each one that can be evaluated; None where it has none."""
    sent: Mapping[str, Any] | None = params.get("FilterCriteria")
    if sent is None:
        return None
    filters: Sequence[Mapping[str, Any]] = sent.get("Filters") or ()
    if len(filters) > _MOST:
        raise invalid(f"An event source mapping can have at most {_MOST} filters.")
    patterns = tuple(each.get("Pattern") or "" for each in filters)
    try:
        Filters(patterns)
    except InvalidPattern as fault:
        raise invalid(fault.message) from None
    return patterns


def kept(
    call: Call, mapping: EventSourceMapping, patterns: tuple[str, ...], kms_key_arn: str
) -> EventSourceMapping:
    """The mapping with these patterns, under this key if there is one."""
    mapping = replace(mapping, filters=(), sealed_filters=None, kms_key_arn=kms_key_arn)
    if not kms_key_arn:
        return replace(mapping, filters=patterns)
    context = criteria.context(mapping.arn)
    try:
        call.calls.forward(call, "kms", "DescribeKey", {"KeyId": kms_key_arn})
        asked = {"KeyId": kms_key_arn, "KeySpec": "AES_256", "EncryptionContext": context}
        made = call.calls.forward(call, "kms", "GenerateDataKey", asked)
        tried = {"CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": context}
        key = call.calls.forward(call, "kms", "Decrypt", tried)["Plaintext"]
    except AwsError as error:
        raise _unusable("encrypt", error) from None
    sealed = criteria.close(call.vault, mapping, key, made["CiphertextBlob"], patterns)
    return replace(mapping, sealed_filters=sealed)


def patterns(call: Call, mapping: EventSourceMapping) -> tuple[str, ...]:
    """A mapping's patterns, decrypted as the caller where they have a key; raises what KMS says."""
    if mapping.sealed_filters is None:
        return mapping.filters
    asked = {
        "CiphertextBlob": criteria.wrapped_key(call.vault, mapping),
        "EncryptionContext": criteria.context(mapping.arn),
    }
    key = call.calls.forward(call, "kms", "Decrypt", asked)["Plaintext"]
    return criteria.opened(call.vault, mapping, key)


def moved(call: Call, mapping: EventSourceMapping) -> tuple[str, ...]:
    """A mapping's patterns, to be kept under another key: who does not see them cannot do that."""
    try:
        return patterns(call, mapping)
    except AwsError as error:
        raise _unusable("decrypt", error) from None


def _unusable(verb: str, error: AwsError) -> AwsError:
    if isinstance(error, AccessDenied | Unavailable):
        return error
    return invalid(
        f"Lambda was unable to {verb} the filter criteria with the KMS key provided. "
        f"KMS Exception: {error.code} KMS Message: {error.message}"
    )


def shown(call: Call, mapping: EventSourceMapping) -> Mapping[str, object]:
    """The members of an answer that tell of the filters, or why the caller may not see them."""
    try:
        return members(patterns(call, mapping))
    except Unavailable:
        raise
    except AwsError as error:
        code = "AccessDeniedException" if isinstance(error, AccessDenied) else error.code
        code = code if len(code) >= _SHORTEST_CODE else f"KMS{code}"
        return {"FilterCriteriaError": {"ErrorCode": code, "Message": error.message[:2048]}}


def members(found: Sequence[str]) -> Mapping[str, object]:
    """FilterCriteria of an answer; an empty one is not shown."""
    filters = [{"Pattern": pattern} for pattern in found]
    return {"FilterCriteria": {"Filters": filters} if filters else None}
