"""Keys themselves: made, described, listed, enabled and disabled, deleted after a wait."""

import uuid
from collections.abc import Iterable
from dataclasses import replace

from ...access import Ask
from ...clock import to_datetime
from ...errors import AwsError
from ...iam.model import Context
from ...store import keys, tags
from ...store.keys import Key
from ..operation import Call, Operation, Params, Result
from . import documents, keyring, labels, materials, paging, states, tokens
from .questions import ALGORITHM, on_account, on_key

_WINDOW_DAYS = range(7, 31)
_DEFAULT_WINDOW_DAYS = 30


def _create_asks(call: Call, params: Params) -> Iterable[Ask]:
    given = labels.pairs(params)
    context: dict[str, str | tuple[str, ...]] = {
        "kms:CallerAccount": call.account,
        "kms:KeySpec": _spec(params),
        "kms:KeyUsage": params.get("KeyUsage") or "ENCRYPT_DECRYPT",
        "kms:KeyOrigin": params.get("Origin") or "AWS_KMS",
        "kms:MultiRegion": _flag(params.get("MultiRegion")),
        **documents.bypass_context(call, params),
    }
    # The key's id is not known yet: tagging it, or putting its policy, is asked of any key.
    any_key = call.arn("kms", "key/*")
    asked = [("CreateKey", "*")]
    if params.get("Policy"):
        asked.append(("PutKeyPolicy", any_key))
    if given:
        asked.append(("TagResource", any_key))
    return [
        Ask(f"kms:{action}", resource, context=context, request_tags=given)
        for action, resource in asked
    ]


def _create(call: Call, params: Params) -> Result:
    _check_kind(params)
    given = labels.checked(params)
    key_id = str(uuid.uuid4())
    material = keyring.new_material(call.vault, key_id, 0, "", call.now_ms)
    key = Key(
        id=key_id,
        account=call.account,
        region=call.region,
        service="",
        description=params.get("Description") or "",
        policy=documents.default_policy(call),
        is_enabled=True,
        material_id=material.id,
        created_ms=call.now_ms,
    )
    with call.database.write() as tx:
        if params.get("Policy"):
            key = replace(key, policy=documents.check(call, tx, key.arn, params))
        keys.prune(tx, call.now_ms)
        keys.create(tx, key, material)
        tags.put(tx, key.id, given)
    return {"KeyMetadata": _metadata(key)}


def _describe(call: Call, params: Params) -> Result:
    tokens.check(call, params.get("GrantTokens") or ())
    key = materials.up_to_date(call, keyring.for_use(call, params["KeyId"]))
    return {"KeyMetadata": _metadata(key)}


def _list(call: Call, params: Params) -> Result:
    limit = params.get("Limit") or 100
    if "SELF" not in (params.get("ResourceOwners") or ("SELF",)):
        return {"Keys": [], "Truncated": False}
    with call.database.read() as tx:
        found = keys.after(
            tx, call.account, call.region, paging.start(call, params), call.now_ms, limit + 1
        )
    return paging.page(call, params, "Keys", found, lambda key: key.id, _entry)


def _enable(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        key = keyring.to_change(tx, call, params["KeyId"])
        keys.save(tx, replace(key, is_enabled=True))
    return {}


def _disable(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        key = keyring.to_change(tx, call, params["KeyId"])
        keys.save(tx, replace(key, is_enabled=False))
    return {}


def _describe_as(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        key = keyring.to_change(tx, call, params["KeyId"])
        keys.save(tx, replace(key, description=params["Description"]))
    return {}


def _schedule_deletion(call: Call, params: Params) -> Result:
    days = params.get("PendingWindowInDays", _DEFAULT_WINDOW_DAYS)
    _check_window(days)
    with call.database.write() as tx:
        key = keyring.to_change(tx, call, params["KeyId"])
        deletion_ms = call.now_ms + days * materials.DAY_MS
        keys.prune(tx, call.now_ms)
        keys.save(tx, replace(key, is_enabled=False, deletion_ms=deletion_ms))
    return {
        "KeyId": key.arn,
        "DeletionDate": to_datetime(deletion_ms),
        "KeyState": states.PENDING_DELETION,
        "PendingWindowInDays": days,
    }


def _cancel_deletion(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        key = keyring.own(call, keyring.find(tx, call, params["KeyId"]))
        if key.deletion_ms is None:
            raise AwsError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
        keys.save(tx, replace(key, deletion_ms=None))
    return {"KeyId": key.arn}


def _metadata(key: Key) -> dict[str, object]:
    return {
        "AWSAccountId": key.account,
        "Arn": key.arn,
        "CreationDate": to_datetime(key.created_ms),
        "CurrentKeyMaterialId": key.material_id,
        "CustomerMasterKeySpec": ALGORITHM,
        "DeletionDate": None if key.deletion_ms is None else to_datetime(key.deletion_ms),
        "Description": key.description,
        "Enabled": states.state(key) == states.ENABLED,
        "EncryptionAlgorithms": [ALGORITHM],
        "KeyId": key.id,
        "KeyManager": "AWS" if key.service else "CUSTOMER",
        "KeySpec": ALGORITHM,
        "KeyState": states.state(key),
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": False,
        "Origin": "AWS_KMS",
    }


def _entry(key: Key) -> dict[str, object]:
    return {"KeyId": key.id, "KeyArn": key.arn}


def _check_kind(params: Params) -> None:
    """Symmetric keys with material made here are the only kind there is."""
    if params.get("KeySpec") and params.get("CustomerMasterKeySpec"):
        raise AwsError(
            "ValidationException",
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
            "CustomerMasterKeySpec is deprecated.",
        )
    spec, usage = _spec(params), params.get("KeyUsage") or "ENCRYPT_DECRYPT"
    if spec == ALGORITHM and usage != "ENCRYPT_DECRYPT":
        raise AwsError(
            "ValidationException", f"KeyUsage {usage} is not compatible with KeySpec {spec}"
        )
    unserved = {
        f"KeySpec {spec}": spec != ALGORITHM,
        f"Origin {params.get('Origin')}": params.get("Origin", "AWS_KMS") != "AWS_KMS",
        "MultiRegion": params.get("MultiRegion"),
        "CustomKeyStoreId": params.get("CustomKeyStoreId"),
        "XksKeyId": params.get("XksKeyId"),
    }
    for what, is_asked in unserved.items():
        if is_asked:
            raise AwsError(
                "UnsupportedOperationException",
                f"{what} is not supported: keys are symmetric (KeySpec {ALGORITHM}), "
                "of one Region, with key material from AWS_KMS.",
            )


def _check_window(days: int) -> None:
    if days not in _WINDOW_DAYS:
        bound, limit = ("greater", 7) if days < 7 else ("less", 30)
        raise AwsError(
            "ValidationException",
            f"1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to "
            f"satisfy constraint: Member must have value {bound} than or equal to {limit}",
        )


def _spec(params: Params) -> str:
    return str(params.get("KeySpec") or params.get("CustomerMasterKeySpec") or ALGORITHM)


def _flag(value: object) -> str:
    return "true" if value else "false"


def _window_context(_call: Call, params: Params) -> Context:
    days = params.get("PendingWindowInDays", _DEFAULT_WINDOW_DAYS)
    return {"kms:ScheduleKeyDeletionPendingWindowInDays": str(days)}


OPERATIONS = (
    Operation("kms", "CreateKey", _create_asks, _create),
    on_key("DescribeKey", _describe, takes_alias=True),
    on_account("ListKeys", _list),
    on_key("EnableKey", _enable),
    on_key("DisableKey", _disable),
    on_key("UpdateKeyDescription", _describe_as),
    on_key("ScheduleKeyDeletion", _schedule_deletion, extra=_window_context),
    on_key("CancelKeyDeletion", _cancel_deletion),
)
