"""From what a request calls a key to the key itself.

A key goes by its id, its ARN, an alias or an alias's ARN. What it is called decides what is
authorised, so naming comes in two steps: `named` never fails and tells the ARN the key has, or
would have; `Named.found` is the key, or AWS's refusal.

An AWS managed key is made when it is first used. Its id follows from account, region and service,
so that a call can be authorised on it before it exists and two first calls make the same one.
"""

import re
import secrets
import uuid
from dataclasses import dataclass, replace

from ...arn import Arn
from ...errors import AwsError
from ...store import aliases, keys
from ...store.database import Conflict, Tx
from ...store.keys import Key, Material
from ...vault import Vault
from ..operation import Call
from . import documents, states

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ALIAS = re.compile(r"alias/[a-zA-Z0-9:/_-]{1,250}")
_MANAGED_PREFIX = "alias/aws/"
_MANAGED_IDS = uuid.uuid5(uuid.NAMESPACE_OID, "sluicegate managed keys")
_MATERIAL_BYTES = 32
_DAY_MS = 86_400_000
_MANAGED_ROTATION_DAYS = 365


@dataclass(frozen=True, slots=True)
class Named:
    """What a request's KeyId stands for.

    `arn` is what the call is authorised on; `key` is None when there is no such key, and `fault`
    then says so. `alias` is the alias name the request used, if any. `is_made` is false for an AWS
    managed key that nobody used yet.
    """

    arn: str
    key: Key | None = None
    alias: str = ""
    fault: AwsError | None = None
    is_made: bool = True

    def found(self) -> Key:
        """The key; raises the fault when there is none."""
        if self.key is None or self.fault is not None:
            raise self.fault or no_key(self.arn)
        return self.key


def named(tx: Tx, call: Call, text: str, *, takes_alias: bool = False) -> Named:
    """What `text` stands for. Only some operations take an alias for a key.

    An alias that meant another key when the call was judged is at fault: it was moved meanwhile.
    """
    what = _named(tx, call, text, takes_alias=takes_alias)
    if call.judged.is_still(("key", call.region, text), what.key.id if what.key else ""):
        return what
    message = f"What {text} stands for was changed by another request. Try again."
    return replace(what, fault=AwsError("KMSInternalException", message, status=500))


def _named(tx: Tx, call: Call, text: str, *, takes_alias: bool) -> Named:
    arn = Arn.find(text) if text.startswith("arn:") else None
    if text.startswith("arn:") and (arn is None or arn.service != "kms"):
        return Named(call.arn("kms", "key/"), fault=_invalid_arn(text))
    if arn is not None and arn.region != call.region:
        return Named(text, fault=AwsError("NotFoundException", f"Invalid arn {arn.region}"))
    account = arn.account if arn else call.account
    resource = arn.resource if arn else text
    if resource.startswith("alias/"):
        found = _by_alias(tx, call, account, resource)
        if not takes_alias:
            return replace(found, fault=_invalid_id(text))
        return found
    key_id = resource.removeprefix("key/") if arn else resource
    key_arn = str(replace(Arn.parse(call.arn("kms", f"key/{key_id}")), account=account))
    if not _UUID.fullmatch(key_id) or (arn and not resource.startswith("key/")):
        return Named(key_arn, fault=_invalid_id(text))
    return _by_id(tx, call, key_arn, key_id)


def find(tx: Tx, call: Call, text: str, *, takes_alias: bool = False) -> Key:
    """The key that `text` stands for; AWS's refusal when there is none."""
    return named(tx, call, text, takes_alias=takes_alias).found()


def for_use(call: Call, text: str) -> Key:
    """The key that `text` stands for, an AWS managed one made if this is its first use."""
    with call.database.read() as tx:
        what = named(tx, call, text, takes_alias=True)
    key = what.found()
    if not what.is_made:
        _make_managed(call, key)
    return key


def to_change(tx: Tx, call: Call, text: str) -> Key:
    """A key the caller's account owns, to be changed: not AWS's, not about to be deleted."""
    return states.not_pending(own(call, find(tx, call, text)))


def in_account(call: Call, key: Key) -> Key:
    """The key, if it is the caller's account's: most operations do not reach into another."""
    if key.account != call.account:
        raise no_key(key.arn)
    return key


def own(call: Call, key: Key) -> Key:
    """A customer's key of the caller's account, not one that AWS manages."""
    if in_account(call, key).service:
        raise AwsError(
            "UnsupportedOperationException",
            f"{key.arn} is an AWS managed key: it cannot be changed.",
        )
    return key


def new_material(vault: Vault, key_id: str, position: int, rotation: str, now_ms: int) -> Material:
    """Fresh material for a key, sealed; `rotation` says what made it, '' at first."""
    material_id = secrets.token_hex(_MATERIAL_BYTES)
    sealed = vault.seal(
        "kms-material",
        ("key_materials", key_id, material_id),
        secrets.token_bytes(_MATERIAL_BYTES),
    )
    return Material(key_id, material_id, position, rotation, sealed, now_ms)


def managed_alias(service: str) -> str:
    """The alias of a service's AWS managed key."""
    return f"{_MANAGED_PREFIX}{service}"


def _by_id(tx: Tx, call: Call, arn: str, key_id: str) -> Named:
    key = keys.find(tx, call.region, key_id, call.now_ms)
    if key is None or key.arn != arn:
        return Named(arn, fault=no_key(arn))
    return Named(arn, key)


def _by_alias(tx: Tx, call: Call, account: str, name: str) -> Named:
    alias_arn = str(replace(Arn.parse(call.arn("kms", name)), account=account))
    alias = aliases.find(tx, account, call.region, name) if _ALIAS.fullmatch(name) else None
    if alias is not None:
        key = keys.find(tx, call.region, alias.key_id, call.now_ms)
        if key is not None:
            return Named(key.arn, key, alias=name)
    service = name.removeprefix(_MANAGED_PREFIX)
    if name.startswith(_MANAGED_PREFIX) and service in documents.MANAGED:
        key = _managed(call.region, account, service, call.now_ms)
        return Named(key.arn, key, alias=name, is_made=False)
    fault = AwsError("NotFoundException", f"Alias {alias_arn} is not found.")
    return Named(alias_arn, alias=name, fault=fault)


def _managed(region: str, account: str, service: str, now_ms: int) -> Key:
    """The AWS managed key of a service, as it will be when it is made."""
    return Key(
        id=str(uuid.uuid5(_MANAGED_IDS, f"{account}/{region}/{service}")),
        account=account,
        region=region,
        service=service,
        description=documents.MANAGED[service],
        policy=documents.managed_policy(region, account, service),
        is_enabled=True,
        material_id="",
        created_ms=now_ms,
        rotation_days=_MANAGED_ROTATION_DAYS,
        rotates_ms=now_ms + _MANAGED_ROTATION_DAYS * _DAY_MS,
    )


def _make_managed(call: Call, key: Key) -> None:
    material = new_material(call.vault, key.id, 0, "", call.now_ms)
    alias = aliases.Alias(
        key.account,
        key.region,
        managed_alias(key.service),
        key.id,
        created_ms=call.now_ms,
        updated_ms=call.now_ms,
    )
    try:
        with call.database.write() as tx:
            keys.create(tx, replace(key, material_id=material.id), material)
            aliases.create(tx, alias)
    except Conflict:
        # Somebody else's first use came between: it made the same key, with material of its own.
        return


def no_key(arn: str) -> AwsError:
    """AWS's refusal of a key that is not there."""
    return AwsError("NotFoundException", f"Key '{arn}' does not exist")


def _invalid_id(text: str) -> AwsError:
    return AwsError("NotFoundException", f"Invalid keyId '{text}'")


def _invalid_arn(text: str) -> AwsError:
    return AwsError("InvalidArnException", f"{text} is not a valid key ARN.")
