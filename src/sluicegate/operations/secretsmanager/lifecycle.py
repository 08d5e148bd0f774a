"""Secrets themselves: made, changed, deleted after a wait or at once, restored, tagged."""

import hashlib
import string
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...access import Ask
from ...arn import Arn
from ...clock import to_datetime
from ...errors import AwsError
from ...iam.model import Context
from ...store import secret_replicas, secrets, tags
from ...store.database import Tx
from ...store.secrets import Secret, Version
from ..kms import keyring
from ..operation import Call, Operation, Params, Result
from . import copies, envelopes, labels, lookup, replicas, versions
from .copies import Copies, Values
from .envelopes import Value

_ALPHABET = string.ascii_letters + string.digits
_WINDOW_DAYS = range(7, 31)
_DEFAULT_WINDOW_DAYS = 30
_DAY_MS = 86_400_000
_REPLICATED = frozenset({"Description", "SecretBinary", "SecretString", "Type"})
_REWRAPPED = (versions.CURRENT, versions.PREVIOUS, versions.PENDING)


def _suffix(call: Call, name: str) -> str:
    """Six random characters, the same whenever they are asked for in one request.

    The request's id is random; so the ARN that is authorised is the ARN that is made.
    """
    digest = hashlib.sha256(f"{call.request_id} {name}".encode()).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:6])


def _create_asks(call: Call, params: Params) -> Iterable[Ask]:
    name = params.get("Name") or ""
    given = labels.pairs(params)
    arn = call.arn("secretsmanager", f"secret:{name}-{_suffix(call, name)}")
    context = {
        **_described(call, params),
        **replicas.context(params),
        "secretsmanager:Name": name,
    }
    actions = ["CreateSecret"]
    if given:
        actions.append("TagResource")
    if params.get("AddReplicaRegions"):
        actions.append("ReplicateSecretToRegions")
    for action in actions:
        yield Ask(f"secretsmanager:{action}", arn, context=context, request_tags=given, shown=name)


def _described(call: Call, params: Params) -> Context:
    """The condition keys of what CreateSecret and UpdateSecret may set."""
    context: dict[str, str] = {}
    for member in ("Description", "KmsKeyId", "Type"):
        if params.get(member):
            context[f"secretsmanager:{member}"] = params[member]
    if params.get("KmsKeyId"):
        secret = Arn.find(params.get("SecretId") or "")
        account = secret.account if secret else call.account
        asked = envelopes.key_arn(account, call.region, params["KmsKeyId"])
        with call.database.read() as tx:
            key = keyring.named(tx, call, asked, takes_alias=True)
        context["secretsmanager:KmsKeyArn"] = key.arn
    return context


def _create(call: Call, params: Params) -> Result:
    _check_creation(params)
    name, given, value = params["Name"], labels.checked(params), Value.given(params)
    wishes = replicas.wanted(call, params)
    secret = Secret(
        id=str(uuid.uuid4()),
        account=call.account,
        region=call.region,
        name=name,
        suffix=_suffix(call, name),
        created_ms=call.now_ms,
        changed_ms=call.now_ms,
        description=params.get("Description") or None,
        kms_key=envelopes.kept_key(params.get("KmsKeyId")),
        type=params.get("Type") or None,
        is_tagged=bool(given),
    )
    with call.database.read() as tx:
        found = secrets.by_name(tx, call.account, call.region, name, call.now_ms)
    if found is not None:
        return _created_before(call, params, found, value)
    version = None
    if value is not None:
        if secret.kms_key is not None:
            envelopes.check_key(call, secret)
        version = versions.sealed(call, secret, versions.id_of(params), value)
    made = _replicas(call, secret, wishes, version, value)
    with call.database.write() as tx:
        secrets.prune(tx, call.now_ms)
        secrets.create(tx, secret)
        tags.put(tx, secret.id, given)
        if version is not None:
            versions.add(tx, secret, version, (versions.CURRENT,), call.now_ms)
        if not wishes:
            return _named(secret, version)
        replicas.establish(tx, call, secret, made, params)
        return {**_named(secret, version), "ReplicationStatus": replicas.shown(tx, secret)}


def _replicas(
    call: Call,
    secret: Secret,
    wishes: Mapping[str, str | None],
    version: Version | None,
    value: Value | None,
) -> Copies:
    """What the replicas of a new secret are to hold."""
    held = [] if version is None else [version]
    known = {} if version is None or value is None else {version.id: value}
    drafts = [(draft, held) for draft in replicas.drafted(call, secret, wishes)]
    return replicas.encrypted(call, drafts, Values(call, secret, known))


def _check_creation(params: Params) -> None:
    if not lookup.VALID_NAME.fullmatch(params["Name"]):
        raise AwsError(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, "
            "or any of the following: -/_+=.@!",
        )
    if params.get("CrossAccountPrimaryARN"):
        raise AwsError("InvalidParameterException", "Replication to other accounts is not served.")


def _created_before(call: Call, params: Params, found: Secret, value: Value | None) -> Result:
    """A name that is taken: a retry of the request that took it gets the same answer."""
    if found.deletion_ms is not None:
        raise AwsError(
            "InvalidRequestException",
            "You can't create this secret because a secret with this name is already scheduled "
            "for deletion.",
        )
    # A replica has its primary's version ids, and is nobody's retry here.
    token = None if found.is_replica else params.get("ClientRequestToken")
    version = versions.existing(call, found, token, value) if token and value else None
    if version is None:
        raise _name_in_use(found.name)
    if not found.is_replicated:
        return _named(found, version)
    with call.database.read() as tx:
        return {**_named(found, version), "ReplicationStatus": replicas.shown(tx, found)}


def _name_in_use(name: str) -> AwsError:
    return AwsError(
        "ResourceExistsException",
        f"The operation failed because the secret {name} already exists.",
    )


def _update(call: Call, params: Params) -> Result:
    value, version_id = Value.given(params), versions.id_of(params)
    with call.database.read() as tx:
        secret = lookup.find_alive(tx, call, params["SecretId"])
    if "KmsKeyId" not in params or _REPLICATED.intersection(params):
        lookup.not_replica(secret)
    changed = _changed(call, params, secret)
    rewrapped = _rewrapped(call, secret, changed)
    old, new = None, None
    if value is not None:
        old = versions.existing(call, secret, version_id, value)
        new = None if old else versions.sealed(call, changed, version_id, value)
    made = copies.prepared(call, secret, new, value)
    with call.database.write() as tx:
        now = lookup.same(lookup.find_alive(tx, call, params["SecretId"]), secret)
        for version, sealed in rewrapped:
            if not secrets.rewrap(tx, version, sealed, changed.kms_key):
                raise lookup.changed_meanwhile()
        if new is not None:
            versions.add(tx, now, new, (versions.CURRENT,), call.now_ms)
        copies.save(tx, _changed(call, params, now), made)
    return _named(changed, old or new)


def _changed(call: Call, params: Params, secret: Secret) -> Secret:
    """A secret with what UpdateSecret changes of it, and no more."""
    kms_key = envelopes.kept_key(params["KmsKeyId"]) if "KmsKeyId" in params else secret.kms_key
    return replace(
        secret,
        changed_ms=call.now_ms,
        description=params.get("Description", secret.description),
        type=params.get("Type", secret.type) or None,
        kms_key=kms_key,
    )


def _rewrapped(call: Call, secret: Secret, changed: Secret) -> list[tuple[Version, bytes]]:
    """The labelled versions under the new key, when the key changes."""
    if changed.kms_key == secret.kms_key:
        return []
    envelopes.check_key(call, changed)
    with call.database.read() as tx:
        placed = secrets.stages(tx, secret.id)
        ids = {placed[label] for label in _REWRAPPED if label in placed}
        held = secrets.versions(tx, secret.id, ids)
    return [(version, envelopes.rewrap(call, secret, version, changed.kms_key)) for version in held]


def _delete_context(_call: Call, params: Params) -> Context:
    context: dict[str, str] = {}
    if params.get("RecoveryWindowInDays") is not None:
        context["secretsmanager:RecoveryWindowInDays"] = str(params["RecoveryWindowInDays"])
    if params.get("ForceDeleteWithoutRecovery") is not None:
        is_forced = params["ForceDeleteWithoutRecovery"]
        context["secretsmanager:ForceDeleteWithoutRecovery"] = str(bool(is_forced)).lower()
    return context


def _delete(call: Call, params: Params) -> Result:
    days, is_forced = params.get("RecoveryWindowInDays"), params.get("ForceDeleteWithoutRecovery")
    if is_forced and days is not None:
        raise AwsError(
            "InvalidParameterException",
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        )
    if days is not None and days not in _WINDOW_DAYS:
        raise AwsError(
            "InvalidParameterException",
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        )
    with call.database.write() as tx:
        if is_forced:
            return _delete_now(tx, call, params)
        secret = lookup.find_primary(tx, call, params["SecretId"])
        _check_alone(tx, secret)
        deletion_ms = call.now_ms + (days or _DEFAULT_WINDOW_DAYS) * _DAY_MS
        secrets.save(tx, replace(secret, deletion_ms=deletion_ms))
    return {**_named(secret), "DeletionDate": to_datetime(deletion_ms)}


def _delete_now(tx: Tx, call: Call, params: Params) -> Result:
    """Delete without a wait; a secret that is not there is as good as deleted."""
    what = lookup.judged(tx, call, params["SecretId"])
    if what.secret is not None:
        _check_alone(tx, lookup.not_replica(what.secret))
        secrets.delete(tx, what.secret.id)
    name = what.secret.name if what.secret else what.arn.rpartition(":")[2]
    return {"ARN": what.arn, "Name": name, "DeletionDate": to_datetime(call.now_ms)}


def _check_alone(tx: Tx, secret: Secret) -> None:
    """Refuse to delete what other regions follow."""
    regions = ", ".join(replication.region for replication in secret_replicas.of(tx, secret.id))
    if regions:
        raise AwsError(
            "InvalidParameterException",
            f"You can't delete secret {secret.arn} that still has replica regions [{regions}].",
        )


def _restore(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        secret = lookup.not_replica(lookup.find(tx, call, params["SecretId"]))
        secrets.save(tx, replace(secret, deletion_ms=None))
    return _named(secret)


def _named(secret: Secret, version: Version | None = None) -> dict[str, object]:
    shown: dict[str, object] = {"ARN": secret.arn, "Name": secret.name}
    return shown if version is None else {**shown, "VersionId": version.id}


OPERATIONS = (
    Operation("secretsmanager", "CreateSecret", _create_asks, lookup.twice(_create)),
    lookup.on_secret("UpdateSecret", lookup.twice(_update), _described),
    lookup.on_secret("DeleteSecret", _delete, _delete_context),
    lookup.on_secret("RestoreSecret", _restore),
)
