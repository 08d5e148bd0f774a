"""Aliases: made, moved to another key, removed, listed."""

from collections.abc import Iterable

from ...access import Ask
from ...clock import to_datetime
from ...errors import AwsError
from ...store import aliases, keys
from ...store.aliases import Alias
from ...store.database import Conflict, Tx
from ...store.keys import Key
from ..operation import Call, Operation, Params, Result
from . import documents, keyring, paging, questions

_PREFIX = "alias/"
_RESERVED = "alias/aws/"
_PER_KEY = 50


def _create_asks(call: Call, params: Params) -> Iterable[Ask]:
    with call.database.read() as tx:
        key = keyring.named(tx, call, params.get("TargetKeyId") or "")
        return [
            _on_alias(call, "CreateAlias", params),
            questions.ask(tx, call, "CreateAlias", key, {}),
        ]


def _update_asks(call: Call, params: Params) -> Iterable[Ask]:
    with call.database.read() as tx:
        now = keyring.named(tx, call, params.get("AliasName") or "", takes_alias=True)
        then = keyring.named(tx, call, params.get("TargetKeyId") or "")
        asks = [_on_alias(call, "UpdateAlias", params)]
        if now.key is not None:
            asks.append(questions.ask(tx, call, "UpdateAlias", now, {}))
        return [*asks, questions.ask(tx, call, "UpdateAlias", then, {})]


def _delete_asks(call: Call, params: Params) -> Iterable[Ask]:
    with call.database.read() as tx:
        now = keyring.named(tx, call, params.get("AliasName") or "", takes_alias=True)
        asks = [_on_alias(call, "DeleteAlias", params)]
        if now.key is not None:
            asks.append(questions.ask(tx, call, "DeleteAlias", now, {}))
        return asks


def _create(call: Call, params: Params) -> Result:
    name = _checked_name(params)
    alias = Alias(call.account, call.region, name, "", call.now_ms, call.now_ms)
    try:
        with call.database.write() as tx:
            keys.prune(tx, call.now_ms)
            key = _target(tx, call, params)
            if len(aliases.of_key(tx, key.id)) >= _PER_KEY:
                raise AwsError("LimitExceededException", f"{key.arn} has {_PER_KEY} aliases.")
            aliases.create(tx, alias.of(key.id))
    except Conflict:
        raise AwsError(
            "AlreadyExistsException", f"An alias with the name {alias.arn} already exists"
        ) from None
    return {}


def _update(call: Call, params: Params) -> Result:
    _checked_name(params)
    with call.database.write() as tx:
        keys.prune(tx, call.now_ms)
        alias = _existing(tx, call, params)
        aliases.retarget(tx, alias, _target(tx, call, params).id, call.now_ms)
    return {}


def _delete(call: Call, params: Params) -> Result:
    _checked_name(params)
    with call.database.write() as tx:
        keys.prune(tx, call.now_ms)
        aliases.delete(tx, _existing(tx, call, params))
    return {}


def _list(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        if params.get("KeyId"):
            key = keyring.in_account(call, keyring.find(tx, call, params["KeyId"]))
            entries = [_entry(alias) for alias in aliases.of_key(tx, key.id)]
        else:
            entries = _all(tx, call)
    return paging.page(
        call, params, "Aliases", entries, lambda entry: str(entry["AliasName"]), dict, default=50
    )


def _all(tx: Tx, call: Call) -> list[dict[str, object]]:
    """The account's aliases, with the predefined ones whose key nobody used yet."""
    found = [
        _entry(alias)
        for alias in aliases.of_account(tx, call.account, call.region)
        if keys.find(tx, call.region, alias.key_id, call.now_ms)
    ]
    known = {entry["AliasName"] for entry in found}
    predefined: list[dict[str, object]] = [
        {"AliasName": name, "AliasArn": call.arn("kms", name)}
        for name in map(keyring.managed_alias, documents.MANAGED)
        if name not in known
    ]
    return sorted([*found, *predefined], key=lambda entry: str(entry["AliasName"]))


def _on_alias(call: Call, action: str, params: Params) -> Ask:
    """The alias's half of the question, for identity policies alone."""
    context = {"kms:CallerAccount": call.account}
    return Ask(
        f"kms:{action}", call.arn("kms", params.get("AliasName") or _PREFIX), context=context
    )


def _checked_name(params: Params) -> str:
    name = str(params["AliasName"])
    if not name.startswith(_PREFIX):
        raise AwsError(
            "ValidationException",
            'Alias must start with the prefix "alias/". Please see '
            "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        )
    if name.startswith(_RESERVED):
        raise AwsError("NotAuthorizedException", "")
    if name == _PREFIX or ":" in name:
        raise AwsError("ValidationException", f"{name} contains invalid characters for an alias")
    return name


def _target(tx: Tx, call: Call, params: Params) -> Key:
    return keyring.to_change(tx, call, params["TargetKeyId"])


def _existing(tx: Tx, call: Call, params: Params) -> Alias:
    alias = aliases.find(tx, call.account, call.region, params["AliasName"])
    if alias is None:
        arn = call.arn("kms", params["AliasName"])
        raise AwsError("NotFoundException", f"Alias {arn} is not found.")
    return alias


def _entry(alias: Alias) -> dict[str, object]:
    return {
        "AliasName": alias.name,
        "AliasArn": alias.arn,
        "TargetKeyId": alias.key_id,
        "CreationDate": to_datetime(alias.created_ms),
        "LastUpdatedDate": to_datetime(alias.updated_ms),
    }


OPERATIONS = (
    Operation("kms", "CreateAlias", _create_asks, _create),
    Operation("kms", "UpdateAlias", _update_asks, _update),
    Operation("kms", "DeleteAlias", _delete_asks, _delete),
    questions.on_account("ListAliases", _list),
)
