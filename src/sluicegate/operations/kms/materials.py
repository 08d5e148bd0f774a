"""The secret of a key: the material that encrypts now, the old ones that still decrypt, rotation.

Nothing runs in the background: a rotation that is due happens when the key is next looked at.
"""

from dataclasses import replace

from ...errors import AwsError
from ...store import keys
from ...store.database import Tx
from ...store.keys import Key, Material
from ..operation import Call
from . import keyring, states

DAY_MS = 86_400_000

_ON_DEMAND_LIMIT = 25


def current(call: Call, key: Key) -> tuple[Key, bytes]:
    """`key` as it is now, which must be enabled, and the material it encrypts with."""
    key = up_to_date(call, key)
    states.enabled(key)
    with call.database.read() as tx:
        material = keys.material(tx, key.id, key.material_id)
    if material is None:
        raise keyring.no_key(key.arn)
    return key, clear(call, material)


def clear(call: Call, material: Material) -> bytes:
    """The bytes of a material."""
    return call.vault.open(
        "kms-material", ("key_materials", material.key_id, material.id), material.sealed
    )


def up_to_date(call: Call, key: Key) -> Key:
    """`key` as it is now, rotated first if that is due."""
    with call.database.read() as tx:
        key = _again(tx, call, key)
    if not _is_due(call, key):
        return key
    with call.database.write() as tx:
        key = _again(tx, call, key)
        return _rotate_automatically(tx, call, key) if _is_due(call, key) else key


def rotate_on_demand(tx: Tx, call: Call, key: Key) -> None:
    """Give the key a new material at once; the automatic schedule stays as it is."""
    made = keys.materials(tx, key.id)
    if sum(material.rotation == "ON_DEMAND" for material in made) >= _ON_DEMAND_LIMIT:
        raise AwsError(
            "LimitExceededException",
            f"You have reached the limit of {_ON_DEMAND_LIMIT} on-demand rotations "
            f"for the key {key.arn}.",
        )
    _add(tx, call, key, "ON_DEMAND", call.now_ms)


def _rotate_automatically(tx: Tx, call: Call, key: Key) -> Key:
    # Dates missed while nobody looked are one rotation, at the last of them.
    assert key.rotates_ms is not None and key.rotation_days is not None
    period = key.rotation_days * DAY_MS
    due = key.rotates_ms + (call.now_ms - key.rotates_ms) // period * period
    return _add(tx, call, replace(key, rotates_ms=due + period), "AUTOMATIC", due)


def _add(tx: Tx, call: Call, key: Key, rotation: str, at_ms: int) -> Key:
    position = len(keys.materials(tx, key.id))
    material = keyring.new_material(call.vault, key.id, position, rotation, at_ms)
    rotated = replace(key, material_id=material.id)
    keys.add_material(tx, rotated, material)
    return rotated


def _again(tx: Tx, call: Call, key: Key) -> Key:
    found = keys.find(tx, key.region, key.id, call.now_ms)
    if found is None:
        raise keyring.no_key(key.arn)
    return found


def _is_due(call: Call, key: Key) -> bool:
    """AWS rotates enabled keys only; a disabled one catches up when it is enabled again."""
    is_enabled = states.state(key) == states.ENABLED
    return is_enabled and key.rotates_ms is not None and key.rotates_ms <= call.now_ms
