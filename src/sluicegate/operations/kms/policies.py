"""Reading and putting key policies; the one name a key policy has is `default`."""

from dataclasses import replace

from ...errors import AwsError
from ...store import keys
from .. import whom
from ..operation import Call, Params, Result
from . import documents, keyring, paging, questions

_NAME = "default"


def _get(call: Call, params: Params) -> Result:
    _check_name(params)
    with call.database.read() as tx:
        key = keyring.in_account(call, keyring.find(tx, call, params["KeyId"]))
        policy = whom.shown(tx, key.policy)
    return {"Policy": policy, "PolicyName": _NAME}


def _put(call: Call, params: Params) -> Result:
    _check_name(params)
    with call.database.write() as tx:
        key = keyring.own(call, keyring.find(tx, call, params["KeyId"]))
        policy = documents.check(call, tx, key.arn, params)
        keys.save(tx, replace(key, policy=policy))
    return {}


def _list(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        keyring.in_account(call, keyring.find(tx, call, params["KeyId"]))
    return paging.page(call, params, "PolicyNames", (_NAME,), str, str)


def _check_name(params: Params) -> None:
    if params.get("PolicyName", _NAME) != _NAME:
        raise AwsError("NotFoundException", "No such policy exists")


OPERATIONS = (
    questions.on_key("GetKeyPolicy", _get),
    questions.on_key("PutKeyPolicy", _put, extra=documents.bypass_context),
    questions.on_key("ListKeyPolicies", _list),
)
