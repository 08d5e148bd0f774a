"""Rotation: automatic by a period, on demand, and what has been rotated."""

from dataclasses import replace

from ...clock import to_datetime
from ...iam.model import Context
from ...store import keys
from ...store.keys import Key, Material
from ..operation import Call, Params, Result
from . import keyring, materials, paging, questions, states

_DEFAULT_DAYS = 365


def _days(_call: Call, params: Params) -> Context:
    return {"kms:RotationPeriodInDays": str(params.get("RotationPeriodInDays", _DEFAULT_DAYS))}


def _enable(call: Call, params: Params) -> Result:
    days = params.get("RotationPeriodInDays", _DEFAULT_DAYS)
    with call.database.write() as tx:
        key = states.enabled(keyring.to_change(tx, call, params["KeyId"]))
        next_ms = call.now_ms + days * materials.DAY_MS
        keys.save(tx, replace(key, rotation_days=days, rotates_ms=next_ms))
    return {}


def _disable(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        key = states.enabled(keyring.to_change(tx, call, params["KeyId"]))
        keys.save(tx, replace(key, rotation_days=None, rotates_ms=None))
    return {}


def _status(call: Call, params: Params) -> Result:
    key = _up_to_date(call, params)
    # A key that waits for deletion is not rotated, and says so.
    if key.rotates_ms is None or key.deletion_ms is not None:
        return {"KeyRotationEnabled": False, "KeyId": key.id}
    return {
        "KeyRotationEnabled": True,
        "KeyId": key.id,
        "RotationPeriodInDays": key.rotation_days,
        "NextRotationDate": to_datetime(key.rotates_ms),
    }


def _rotate(call: Call, params: Params) -> Result:
    _up_to_date(call, params)
    with call.database.write() as tx:
        key = states.enabled(keyring.to_change(tx, call, params["KeyId"]))
        materials.rotate_on_demand(tx, call, key)
    return {"KeyId": key.id}


def _list(call: Call, params: Params) -> Result:
    key = keyring.in_account(call, _up_to_date(call, params))
    with call.database.read() as tx:
        made = keys.materials(tx, key.id)
    if params.get("IncludeKeyMaterial") != "ALL_KEY_MATERIAL":
        made = [material for material in made if material.rotation]
    return paging.page(
        call,
        params,
        "Rotations",
        made,
        lambda material: f"{material.position:08}",
        lambda material: _entry(key, material),
    )


def _up_to_date(call: Call, params: Params) -> Key:
    with call.database.read() as tx:
        key = keyring.find(tx, call, params["KeyId"])
    return materials.up_to_date(call, key)


def _entry(key: Key, material: Material) -> dict[str, object]:
    is_current = material.id == key.material_id
    is_rotation = bool(material.rotation)
    return {
        "KeyId": key.id,
        "KeyMaterialId": material.id,
        "KeyMaterialState": "CURRENT" if is_current else "NON_CURRENT",
        "RotationDate": to_datetime(material.created_ms) if is_rotation else None,
        "RotationType": material.rotation if is_rotation else None,
    }


OPERATIONS = (
    questions.on_key("EnableKeyRotation", _enable, extra=_days),
    questions.on_key("DisableKeyRotation", _disable),
    questions.on_key("GetKeyRotationStatus", _status),
    questions.on_key("RotateKeyOnDemand", _rotate),
    questions.on_key("ListKeyRotations", _list),
)
