"""CreateGrant, RetireGrant, RevokeGrant and the lists of grants."""

import re
import secrets
from collections.abc import Iterable, Mapping

from ...access import Ask
from ...arn import Arn
from ...clock import to_datetime
from ...errors import AwsError
from ...iam.decisions import folded
from ...iam.model import Context, Grant, PrincipalKind
from ...store import grants, keys
from ...store.database import Tx
from ...store.grants import KeyGrant
from .. import whom
from ..operation import Call, Operation, Params, Result
from . import keyring, paging, questions, states, tokens
from .keyring import Named

_EQUALS, _SUBSET = "EncryptionContextEquals", "EncryptionContextSubset"
_PER_KEY = 50_000
_PAIRS, _LONGEST_VALUE = 8, 384
_GRANT_ID = re.compile(r"[0-9a-f]{64}")
_SERVICE_SUFFIX = ".amazonaws.com"


def _create_asks(call: Call, params: Params) -> Iterable[Ask]:
    with call.database.read() as tx:
        what = keyring.named(tx, call, params.get("KeyId") or "")
        context = {**_for_aws_resource(call, params), **_create_context(params)}
        held = questions.held(tx, call, "CreateGrant", what.key) if what.key else []
        # A grant passes on no more than it gives: fewer operations, constraints as tight.
        granted = tuple(
            questions.for_decision(grant, "CreateGrant") for grant in held if _covers(grant, params)
        )
        return [questions.ask(tx, call, "CreateGrant", what, context, granted=granted)]


def _create(call: Call, params: Params) -> Result:
    tokens.check(call, params.get("GrantTokens") or ())
    _check_shape(params)
    with call.database.write() as tx:
        key = states.enabled(keyring.find(tx, call, params["KeyId"]))
        grant = _new(tx, call, params, key.id)
        tokens.stop_if_dry(params)
        same = _same_by_name(tx, grant)
        if same is None:
            if grants.count(tx, key.id) >= _PER_KEY:
                raise AwsError(
                    "LimitExceededException", f"A key can have at most {_PER_KEY} grants."
                )
            grants.create(tx, grant)
    made = same or grant
    return {"GrantId": made.id, "GrantToken": tokens.of_grant(call, made.id)}


def _retire_asks(call: Call, params: Params) -> Iterable[Ask]:
    with call.database.read() as tx:
        what, grant = _meant_grant(tx, call, params)
        context: Context = {}
        if grant is not None and (kind := _constraint_type(grant.constraints)):
            context = {"kms:GrantConstraintType": kind}
        granted = () if grant is None else tuple(_retiring(grant))
        return [questions.ask(tx, call, "RetireGrant", what, context, granted=granted)]


def _retire(call: Call, params: Params) -> Result:
    if not params.get("GrantToken") and not (params.get("KeyId") and params.get("GrantId")):
        raise AwsError(
            "ValidationException", "Either GrantToken, or both KeyId and GrantId, must be given."
        )
    with call.database.write() as tx:
        what, grant = _meant_grant(tx, call, params)
        if grant is None and params.get("GrantToken"):
            raise AwsError("InvalidGrantTokenException", "The grant token is not valid.")
        _delete(tx, what, grant, params)
    return {}


def _revoke(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        what, grant = _meant_grant(tx, call, params)
        _delete(tx, what, grant, params)
    return {}


def _list(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        key = keyring.find(tx, call, params["KeyId"])
        held = grants.of_key(tx, key.id)
    wanted = {
        member: params[member]
        for member in ("GrantId", "GranteePrincipal", "GranteeServicePrincipal")
        if params.get(member)
    }
    shown = [_shown(grant, key.arn) for grant in held]
    matching = [entry for entry in shown if wanted.items() <= entry.items()]
    return paging.page(call, params, "Grants", matching, _id, dict, default=50)


def _list_retirable(call: Call, params: Params) -> Result:
    principal = params.get("RetiringPrincipal") or params.get("RetiringServicePrincipal")
    if not principal or (params.get("RetiringPrincipal") and len(_retirers(params)) > 1):
        raise AwsError(
            "ValidationException",
            "Either RetiringPrincipal or RetiringServicePrincipal must be given, not both.",
        )
    _check_own(call, params)
    with call.database.read() as tx:
        held = grants.retirable(tx, call.region, principal, call.now_ms)
    shown = [_shown(grant, arn) for grant, arn in held]
    return paging.page(call, params, "Grants", shown, _id, dict, default=50)


def _check_own(call: Call, params: Params) -> None:
    """A principal's retirable grants are shown in its own account, a service's to itself."""
    principal = params.get("RetiringPrincipal")
    if principal is None:
        if call.caller.principal.kind is not PrincipalKind.SERVICE:
            raise AwsError(
                "ValidationException", "RetiringServicePrincipal is for callers that are services."
            )
    elif (arn := Arn.find(principal)) is None or arn.account != call.account:
        raise AwsError("InvalidArnException", f"{principal} is not a principal of this account.")


def _retirers(params: Params) -> list[str]:
    members = ("RetiringPrincipal", "RetiringServicePrincipal")
    return [params[member] for member in members if params.get(member)]


def _check_shape(params: Params) -> None:
    """What the model cannot say of CreateGrant's members."""
    constraints = params.get("Constraints") or {}
    services = params.get("GranteeServicePrincipal"), constraints.get("SourceArn")
    problem = ""
    if bool(params.get("GranteePrincipal")) == bool(services[0]):
        problem = "Either GranteePrincipal or GranteeServicePrincipal must be given, not both."
    elif len(_retirers(params)) > 1:
        problem = "RetiringPrincipal and RetiringServicePrincipal cannot both be given."
    elif services[0] and not (services[1] and _retirers(params)):
        problem = "GranteeServicePrincipal needs a SourceArn constraint and a retiring principal."
    elif unfit := [each for each in params["Operations"] if each not in questions.GRANTED]:
        problem = f"Operation {unfit[0]} cannot be granted on a symmetric encryption key."
    elif not params["Operations"]:
        problem = "A grant must permit at least one operation."
    elif any(len(constraints.get(kind) or ()) > _PAIRS for kind in (_EQUALS, _SUBSET)):
        problem = f"An encryption context constraint can have at most {_PAIRS} pairs."
    elif any(
        len(value) > _LONGEST_VALUE
        for kind in (_EQUALS, _SUBSET)
        for value in (constraints.get(kind) or {}).values()
    ):
        problem = (
            "A value of an encryption context constraint can have at most "
            f"{_LONGEST_VALUE} characters."
        )
    if problem:
        raise AwsError("ValidationException", problem)


def _new(tx: Tx, call: Call, params: Params, key_id: str) -> KeyGrant:
    grantee = params.get("GranteePrincipal") or params["GranteeServicePrincipal"]
    retiring = next(iter(_retirers(params)), "")
    return KeyGrant(
        id=secrets.token_hex(32),
        key_id=key_id,
        name=params.get("Name"),
        grantee=grantee,
        grantee_id=_meant(tx, call, grantee, params.get("GranteeServicePrincipal")),
        retiring=retiring,
        retiring_id=_meant(tx, call, retiring, params.get("RetiringServicePrincipal")),
        issuing_account=call.arn("iam", "root", is_global=True),
        operations=tuple(dict.fromkeys(params["Operations"])),
        constraints=params.get("Constraints") or {},
        created_ms=call.now_ms,
    )


def _meant(tx: Tx, call: Call, name: str, service: str | None) -> str:
    """The unique id of a grant's principal, a session's role's; one that does not exist is refused.

    Services name services: only a call that AWS makes for the caller may say so in the member for
    ordinary principals.
    """
    if not name or service:
        return ""
    if name.endswith(_SERVICE_SUFFIX) and call.context.get("aws:ViaAWSService") == "true":
        return ""
    unique_id = whom.unique_id(tx, name) if name.startswith("arn:") else None
    if unique_id is None:
        raise AwsError("InvalidArnException", f"ARN does not refer to a valid principal: {name}")
    # A session's role: `whom.of_grant` knows the rest by its name.
    return unique_id.partition(":")[0]


def _same_by_name(tx: Tx, grant: KeyGrant) -> KeyGrant | None:
    """A grant made before with this name and everything else alike: a retry makes no second."""
    if grant.name is None:
        return None
    return next(
        (
            old
            for old in grants.named(tx, grant.key_id, grant.name)
            if _content(old) == _content(grant)
        ),
        None,
    )


def _content(grant: KeyGrant) -> tuple[object, ...]:
    who = grant.grantee, grant.grantee_id, grant.retiring, grant.retiring_id
    return grant.name, who, sorted(grant.operations), dict(grant.constraints)


def _covers(parent: KeyGrant, params: Params) -> bool:
    operations = params.get("Operations") or ()
    child = params.get("Constraints") or {}
    exact, tight = child.get(_EQUALS), child.get(_EQUALS) or child.get(_SUBSET) or {}
    subset, equals = parent.constraints.get(_SUBSET), parent.constraints.get(_EQUALS)
    return (
        set(operations) <= set(parent.operations)
        and parent.constraints.get("SourceArn") in (None, child.get("SourceArn"))
        and (
            not isinstance(equals, dict) or (exact is not None and folded(exact) == folded(equals))
        )
        and (not isinstance(subset, dict) or set(folded(subset)) <= set(folded(tight)))
    )


def _meant_grant(tx: Tx, call: Call, params: Params) -> tuple[Named, KeyGrant | None]:
    """The key and its grant that a request means, as far as there are any."""
    if token := params.get("GrantToken"):
        try:
            grant = grants.find(tx, tokens.grant_id(call, token))
        except AwsError:
            grant = None
        key = grant and keys.find(tx, call.region, grant.key_id, call.now_ms)
        return (Named(key.arn, key) if key else keyring.named(tx, call, "")), grant
    what = keyring.named(tx, call, params.get("KeyId") or "")
    grant_id = params.get("GrantId") or ""
    grant = grants.find(tx, grant_id) if _GRANT_ID.fullmatch(grant_id) else None
    is_its = grant is not None and what.key is not None and grant.key_id == what.key.id
    return what, grant if is_its else None


def _retiring(grant: KeyGrant) -> Iterable[Grant]:
    """What lets somebody retire a grant besides policies: being its retiring principal."""
    if "RetireGrant" in grant.operations:
        yield questions.for_decision(grant, "RetireGrant")
    if grant.retiring:
        retiring = whom.of_grant(grant.retiring, grant.retiring_id)
        yield Grant(id=grant.id, grantee=retiring, operations=frozenset({"RetireGrant"}))


def _delete(tx: Tx, what: Named, grant: KeyGrant | None, params: Params) -> None:
    what.found()
    if grant is None:
        raise AwsError("NotFoundException", f"Grant ID {params.get('GrantId')} not found")
    tokens.stop_if_dry(params)
    grants.delete(tx, grant.id)


def _for_aws_resource(call: Call, _params: Params) -> Context:
    return {"kms:GrantIsForAWSResource": call.context.get("aws:ViaAWSService", "false")}


def _create_context(params: Params) -> Context:
    constraints = params.get("Constraints") or {}
    context: dict[str, str | tuple[str, ...]] = {
        "kms:GrantOperations": tuple(params.get("Operations") or ())
    }
    for key in (
        "GranteePrincipal",
        "GranteeServicePrincipal",
        "RetiringPrincipal",
        "RetiringServicePrincipal",
    ):
        if params.get(key):
            context[f"kms:{key}"] = params[key]
    if kind := _constraint_type(constraints):
        context["kms:GrantConstraintType"] = kind
    if constraints.get("SourceArn"):
        context["kms:GrantConstraintSourceArn"] = constraints["SourceArn"]
    pairs = {**(constraints.get(_SUBSET) or {}), **(constraints.get(_EQUALS) or {})}
    context.update({f"kms:EncryptionContext:{key}": value for key, value in pairs.items()})
    if pairs:
        context["kms:EncryptionContextKeys"] = tuple(pairs)
    return context


def _constraint_type(constraints: Mapping[str, object]) -> str:
    return next((kind for kind in (_EQUALS, _SUBSET) if constraints.get(kind)), "")


def _shown(grant: KeyGrant, key_arn: str) -> dict[str, object]:
    # A grantee given as GranteeServicePrincipal always has a SourceArn constraint.
    is_service = not grant.grantee.startswith("arn:") and "SourceArn" in grant.constraints
    grantee = "GranteeServicePrincipal" if is_service else "GranteePrincipal"
    is_arn = grant.retiring.startswith("arn:")
    retiring = "RetiringPrincipal" if is_arn else "RetiringServicePrincipal"
    return {
        "KeyId": key_arn,
        "GrantId": grant.id,
        "Name": grant.name or "",
        "CreationDate": to_datetime(grant.created_ms),
        grantee: grant.grantee,
        retiring: grant.retiring or None,
        "IssuingAccount": grant.issuing_account,
        "Operations": list(grant.operations),
        "Constraints": dict(grant.constraints) or None,
    }


def _id(entry: Mapping[str, object]) -> str:
    return str(entry["GrantId"])


OPERATIONS = (
    Operation("kms", "CreateGrant", _create_asks, _create),
    Operation("kms", "RetireGrant", _retire_asks, _retire),
    questions.on_key("RevokeGrant", _revoke, extra=_for_aws_resource),
    questions.on_key("ListGrants", _list, extra=_for_aws_resource),
    questions.on_account("ListRetirableGrants", _list_retirable),
)
