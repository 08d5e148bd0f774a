"""Users' long-term access keys. The secret is shown once, at creation, and sealed from then on."""

from collections.abc import Iterable
from typing import Any

from ...access import Ask
from ...access.keys import new_key_id, new_secret
from ...clock import to_second
from ...errors import AwsError
from ...store import access_keys, identities, tags
from ...store.access_keys import AccessKey
from ...store.database import Tx
from ...store.identities import Entity, Kind
from ..operation import Call, Operation, Params, Result
from . import limits
from .asks import on
from .paging import Page
from .subjects import missing, required, writing


def create(call: Call, params: Params) -> Result:
    """Make a key for a user, for the caller when none is named."""
    key_id, secret = new_key_id("AKIA", call.account), new_secret()
    sealed = call.vault.seal("access-key", ("access_keys", key_id), secret.encode())
    with writing(call) as tx:
        user = required(tx, Kind.USER, call, params)
        number = len(access_keys.of_user(tx, user.id)) + 1
        limits.within(number, "AccessKeysPerUser", limits.KEYS_PER_USER)
        key = AccessKey(key_id, call.account, user.id, sealed, "Active", call.now_ms)
        access_keys.add(tx, key)
    return {"AccessKey": _show(key, user) | {"SecretAccessKey": secret}}


def list_keys(call: Call, params: Params) -> Result:
    """A user's keys, without their secrets, oldest first."""
    with call.database.read() as tx:
        user = required(tx, Kind.USER, call, params)
        keys = access_keys.of_user(tx, user.id)
    return Page(call.operation, params).of(
        "AccessKeyMetadata",
        keys,
        lambda key: f"{key.created_ms:015} {key.id}",
        lambda key: _show(key, user),
    )


def update(call: Call, params: Params) -> Result:
    """Switch a key off or on again."""
    status = params["Status"]
    if status == "Expired":
        raise AwsError("InvalidInput", "Status must be Active or Inactive.")
    with writing(call) as tx:
        access_keys.set_status(tx, _of_user(tx, call, params).id, status)
    return {}


def delete(call: Call, params: Params) -> Result:
    """Delete a key; what it signs from now on is refused."""
    with writing(call) as tx:
        access_keys.remove(tx, _of_user(tx, call, params).id)
    return {}


def last_used_asks(call: Call, params: Params) -> Iterable[Ask]:
    """Ask for the user whose key it is; for a key nobody has, for any user."""
    key_id = params.get("AccessKeyId") or ""
    with call.database.read() as tx:
        user = _owner(tx, call, key_id)
        own = tags.of(tx, user.id) if user is not None else None
    resource = "*" if user is None else user.arn
    yield Ask("iam:GetAccessKeyLastUsed", resource, tags=own, shown=f"access key {key_id}")


def last_used(call: Call, params: Params) -> Result:
    """When, where and for what a key last signed, to the minute; `N/A` before the first time."""
    with call.database.read() as tx:
        key = access_keys.find(tx, params["AccessKeyId"])
        user = _owner(tx, call, params["AccessKeyId"])
    if key is None or user is None:
        raise missing("Access Key", params["AccessKeyId"], "id")
    used: dict[str, Any] = {
        "Region": key.last_used_region or "N/A",
        "ServiceName": key.last_used_service or "N/A",
    }
    if key.last_used_ms is not None:
        used["LastUsedDate"] = to_second(key.last_used_ms)
    return {"UserName": user.name, "AccessKeyLastUsed": used}


def _of_user(tx: Tx, call: Call, params: Params) -> AccessKey:
    user = required(tx, Kind.USER, call, params)
    key = access_keys.find(tx, params["AccessKeyId"])
    if key is None or key.user_id != user.id:
        raise missing("Access Key", params["AccessKeyId"], "id")
    return key


def _owner(tx: Tx, call: Call, key_id: str) -> Entity | None:
    key = access_keys.find(tx, key_id)
    if key is None or key.account != call.account:
        return None
    return identities.by_id(tx, Kind.USER, key.user_id)


def _show(key: AccessKey, user: Entity) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "AccessKeyId": key.id,
        "Status": key.status,
        "CreateDate": to_second(key.created_ms),
    }


_ON_USER = on(Kind.USER)

OPERATIONS = (
    Operation("iam", "CreateAccessKey", _ON_USER, create),
    Operation("iam", "ListAccessKeys", _ON_USER, list_keys),
    Operation("iam", "UpdateAccessKey", _ON_USER, update),
    Operation("iam", "DeleteAccessKey", _ON_USER, delete),
    Operation("iam", "GetAccessKeyLastUsed", last_used_asks, last_used),
)
