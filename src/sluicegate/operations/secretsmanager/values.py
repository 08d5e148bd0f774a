"""Values: put, get, get many, moved between labels, listed; and random passwords' neighbours."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...access import Ask
from ...clock import to_datetime
from ...errors import AccessDenied, AwsError, Unavailable
from ...iam.model import Context
from ...store import secrets
from ...store.database import Tx
from ...store.secrets import Listed, Secret, Version
from ..operation import Call, Operation, Params, Result
from . import copies, envelopes, listing, lookup, versions
from .envelopes import Value

_DAY_MS = 86_400_000
_BATCH = 20
_DEFAULT_KEY_SHOWN = "DefaultEncryptionKey"


def _get_context(_call: Call, params: Params) -> Context:
    version_id, stage = params.get("VersionId"), params.get("VersionStage")
    context: dict[str, str] = {}
    if version_id:
        context["secretsmanager:VersionId"] = version_id
    if stage or not version_id:
        context["secretsmanager:VersionStage"] = stage or versions.CURRENT
    return context


def _get(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        secret = lookup.find_alive(tx, call, params["SecretId"])
        placed = secrets.stages(tx, secret.id)
        version = _wanted(tx, secret, placed, params)
    value = envelopes.unseal(call, secret, version)
    _touch(call, secret, version)
    return {
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": version.id,
        **value.members,
        "VersionStages": versions.by_version(placed).get(version.id),
        "CreatedDate": to_datetime(version.created_ms),
    }


def _wanted(tx: Tx, secret: Secret, placed: Mapping[str, str], params: Params) -> Version:
    version_id, stage = params.get("VersionId"), params.get("VersionStage")
    if version_id and stage and placed.get(stage) != version_id:
        raise AwsError(
            "InvalidRequestException",
            "You provided a VersionStage that is not associated to the provided VersionId.",
        )
    label = stage or versions.CURRENT
    version = secrets.version(tx, secret.id, version_id or placed.get(label, ""))
    if version is None:
        which = f"VersionId: {version_id}" if version_id else f"staging label: {label}"
        raise AwsError(
            "ResourceNotFoundException",
            f"Secrets Manager can't find the specified secret value for {which}",
        )
    return version


def _touch(call: Call, secret: Secret, version: Version) -> None:
    """Note the day of reading, once a day: a write per read would cost an fsync each."""
    day_ms = call.now_ms // _DAY_MS * _DAY_MS
    if secret.accessed_ms == version.accessed_ms == day_ms:
        return
    try:
        with call.database.write() as tx:
            secrets.touch(tx, secret.id, version.id, day_ms)
    except Unavailable:
        # A disk that is full must not keep anybody from reading.
        return


def _put(call: Call, params: Params) -> Result:
    value = Value.given(params)
    if value is None:
        raise AwsError(
            "InvalidRequestException", "You must provide either SecretString or SecretBinary."
        )
    labels = params.get("VersionStages") or (versions.CURRENT,)
    version_id = versions.id_of(params)
    with call.database.read() as tx:
        secret = lookup.find_primary(tx, call, params["SecretId"])
        is_first = secrets.next_position(tx, secret.id) == 0
    if versions.existing(call, secret, version_id, value) is None:
        if is_first and secret.kms_key is not None:
            envelopes.check_key(call, secret)
        version = versions.sealed(call, secret, version_id, value)
        made = copies.prepared(call, secret, version, value)
        with call.database.write() as tx:
            now = lookup.same(lookup.find_primary(tx, call, params["SecretId"]), secret)
            versions.add(tx, now, version, labels, call.now_ms)
            copies.save(tx, replace(now, changed_ms=call.now_ms), made)
    with call.database.read() as tx:
        placed = versions.by_version(secrets.stages(tx, secret.id))
    return {
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": version_id,
        "VersionStages": placed.get(version_id),
    }


def _move_context(_call: Call, params: Params) -> Context:
    stage = params.get("VersionStage")
    return {"secretsmanager:VersionStage": stage} if stage else {}


def _move(call: Call, params: Params) -> Result:
    stage, target = params["VersionStage"], params.get("MoveToVersionId")
    source = params.get("RemoveFromVersionId")
    with call.database.read() as tx:
        secret = lookup.find_primary(tx, call, params["SecretId"])
        moved = secrets.version(tx, secret.id, target or "")
    made = copies.prepared(call, secret, moved)
    with call.database.write() as tx:
        secret = lookup.find_primary(tx, call, params["SecretId"])
        placed = secrets.stages(tx, secret.id)
        _check_move(stage, placed.get(stage), source, target)
        if target is None:
            del placed[stage]
        else:
            if secrets.version(tx, secret.id, target) is None:
                raise AwsError(
                    "ResourceNotFoundException",
                    "Secrets Manager can't find the specified secret value "
                    f"for VersionId: {target}",
                )
            placed = versions.move(placed, target, [stage])
        versions.put_labels(tx, secret.id, placed)
        copies.save(tx, replace(secret, changed_ms=call.now_ms), made)
    return {"ARN": secret.arn, "Name": secret.name}


def _check_move(stage: str, holder: str | None, source: str | None, target: str | None) -> None:
    problem = ""
    if source is None and target is None:
        problem = "You must provide RemoveFromVersionId, MoveToVersionId or both."
    elif target is None and stage == versions.CURRENT:
        problem = (
            "You can only move staging label AWSCURRENT to a different secret version. "
            "It can't be completely removed."
        )
    elif source is not None and source != holder:
        problem = f"The staging label {stage} is not attached to version {source}."
    elif source is None and holder not in (None, target):
        problem = (
            "The parameter RemoveFromVersionId can't be empty. "
            f"Staging label {stage} is currently attached to version {holder}, "
            "so you must explicitly reference that version in RemoveFromVersionId."
        )
    if problem:
        raise AwsError("InvalidParameterException", problem)


def _list_versions(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        secret = lookup.find(tx, call, params["SecretId"])
        placed = versions.by_version(secrets.stages(tx, secret.id))
        held = secrets.listed(tx, secret.id)
    if not params.get("IncludeDeprecated"):
        held = [version for version in held if version.id in placed]
    shown, token = listing.page(
        call, params, held, lambda version: [version.position, version.id], default=100
    )
    return {
        "Versions": [_entry(version, placed) for version in shown],
        "NextToken": token,
        "ARN": secret.arn,
        "Name": secret.name,
    }


def _entry(version: Listed, placed: Mapping[str, list[str]]) -> dict[str, object]:
    accessed_ms = version.accessed_ms
    return {
        "VersionId": version.id,
        "VersionStages": placed.get(version.id),
        "LastAccessedDate": None if accessed_ms is None else to_datetime(accessed_ms),
        "CreatedDate": to_datetime(version.created_ms),
        "KmsKeyIds": [version.kms_key or _DEFAULT_KEY_SHOWN],
    }


def _batch_asks(_call: Call, params: Params) -> Iterable[Ask]:
    yield Ask("secretsmanager:BatchGetSecretValue", "*")
    if params.get("Filters"):
        yield Ask("secretsmanager:ListSecrets", "*")


def _batch(call: Call, params: Params) -> Result:
    """Each secret is asked for as the caller, by itself; what is refused is in `Errors`."""
    wanted, filters = params.get("SecretIdList"), params.get("Filters")
    if bool(wanted) == bool(filters):
        raise AwsError(
            "InvalidParameterException",
            "You must include either Filters or SecretIdList, but not both.",
        )
    if wanted and params.get("MaxResults"):
        raise AwsError("InvalidParameterException", "MaxResults is used with Filters only.")
    token = None
    if not wanted:
        found, token = listing.page(
            call,
            params,
            listing.matching(call, params),
            lambda secret: [secret.created_ms, secret.id],
            default=_BATCH,
        )
        wanted = [secret.arn for secret in found]
    values: list[Result] = []
    errors: list[Result] = []
    for secret_id in wanted:
        try:
            asked = {"SecretId": secret_id}
            values.append(call.calls.forward(call, "secretsmanager", "GetSecretValue", asked))
        except Unavailable:
            raise
        except AwsError as error:
            code = "AccessDeniedException" if isinstance(error, AccessDenied) else error.code
            errors.append({"SecretId": secret_id, "ErrorCode": code, "Message": error.message})
    return {"SecretValues": values, "Errors": errors, "NextToken": token}


OPERATIONS = (
    lookup.on_secret("GetSecretValue", _get, _get_context),
    Operation("secretsmanager", "BatchGetSecretValue", _batch_asks, _batch),
    lookup.on_secret("PutSecretValue", lookup.twice(_put)),
    lookup.on_secret("UpdateSecretVersionStage", _move, _move_context),
    lookup.on_secret("ListSecretVersionIds", _list_versions),
)
