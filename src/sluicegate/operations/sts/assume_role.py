"""AssumeRole: the trust policy is the role's resource policy, and must let the caller in."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ... import iam
from ...access import Ask, ResourcePolicy, Session
from ...access.sessions import Sessions
from ...arn import Arn, session_arn
from ...clock import to_second
from ...errors import AccessDenied, AwsError
from ...iam.model import PolicyKind, PrincipalKind
from ...store import principals, tags
from ...store.principals import Entity
from ..operation import Call, Operation, Params, Result

# Known: what AWS allots to a session's policies and tags together, in bytes.
_PACKED_LIMIT = 2048
_CHAINED_SECONDS = 3600

# The condition keys of each action, as the Service Authorization Reference has them.
_KEYS: Mapping[str, tuple[str, ...]] = {
    "sts:AssumeRole": (
        "sts:ExternalId",
        "sts:RoleSessionName",
        "sts:SourceIdentity",
        "sts:TransitiveTagKeys",
    ),
    "sts:TagSession": ("sts:TransitiveTagKeys",),
    "sts:SetSourceIdentity": ("sts:SourceIdentity",),
}

_NOBODY = '{"Version":"2012-10-17","Statement":[]}'


@dataclass(frozen=True, slots=True)
class _Tags:
    """The session tags that come out of a call: inherited transitive ones and the given."""

    given: Mapping[str, str] = field(default_factory=dict)
    transitive_keys: tuple[str, ...] = ()
    inherited: Mapping[str, str] = field(default_factory=dict)


def _asks(call: Call, params: Params) -> Iterable[Ask]:
    if call.caller.principal.kind is PrincipalKind.ROOT:
        raise AccessDenied("Roles may not be assumed by root accounts.")
    arn = _role_arn(params)
    role, role_tags = _find(call, arn)
    # A role that does not exist is refused like one that trusts nobody: nothing is learnt.
    trust = ResourcePolicy(role.trust if role else _NOBODY, PolicyKind.TRUST, uri=str(arn))
    given = _given_tags(params)
    of_role = {f"iam:ResourceTag/{key}": value for key, value in role_tags.items()}
    context = _context(call, params)
    for action in _actions(call, params):
        yield Ask(
            action,
            str(arn),
            context={**of_role, **{key: context[key] for key in _KEYS[action] if key in context}},
            tags=role_tags,
            request_tags=None if action == "sts:SetSourceIdentity" else given,
            resource_policy=trust,
            resource_account=arn.account,
        )


def _actions(call: Call, params: Params) -> Iterable[str]:
    """What the new session is given, be it by the request or by the session that asks."""
    yield "sts:AssumeRole"
    if params.get("Tags") or _inherited_tags(call):
        yield "sts:TagSession"
    if params.get("SourceIdentity") or _inherited_identity(call):
        yield "sts:SetSourceIdentity"


def _context(call: Call, params: Params) -> dict[str, str | tuple[str, ...]]:
    keys = {"sts:ExternalId": "ExternalId", "sts:RoleSessionName": "RoleSessionName"}
    context: dict[str, str | tuple[str, ...]] = {
        key: params[member] for key, member in keys.items() if member in params
    }
    if identity := _inherited_identity(call) or params.get("SourceIdentity"):
        context["sts:SourceIdentity"] = identity
    if params.get("TransitiveTagKeys"):
        context["sts:TransitiveTagKeys"] = tuple(params["TransitiveTagKeys"])
    return context


def _assume_role(call: Call, params: Params) -> Result:
    arn = _role_arn(params)
    role, _ = _find(call, arn)
    if role is None or role.created_ms > call.now_ms:
        # Deleted, and perhaps made again, since the trust of its name was judged.
        raise AccessDenied("Access denied")
    seconds = _duration(call, params, role)
    session_tags = _session_tags(call, params)
    policies, policy_arns = _session_policies(call, params, role.account)
    session = Session(
        name=params["RoleSessionName"],
        issued_ms=call.now_ms,
        expires_ms=call.now_ms + seconds * 1000,
        tags={**session_tags.inherited, **session_tags.given},
        transitive_tag_keys=session_tags.transitive_keys,
        source_identity=_source_identity(call, params),
        policies=policies,
        policy_arns=policy_arns,
        source_function_arn=_source_function(call),
        is_chained=_is_chained(call),
        is_services_own=_is_service(call) and not _source_function(call),
    )
    percent = _packed_percent(policies, policy_arns, session)
    credentials = Sessions(call.vault).for_role(role.account, role.id, session)
    return {
        "AssumedRoleUser": {
            "AssumedRoleId": f"{role.id}:{session.name}",
            "Arn": session_arn(role.account, role.name, session.name),
        },
        "Credentials": {
            "AccessKeyId": credentials.access_key,
            "SecretAccessKey": credentials.secret_key,
            "SessionToken": credentials.token,
            "Expiration": to_second(credentials.expires_ms),
        },
        "PackedPolicySize": percent,
        "SourceIdentity": session.source_identity or None,
    }


def _role_arn(params: Params) -> Arn:
    text = params.get("RoleArn", "")
    arn = Arn.find(text)
    if (
        arn is None
        or arn.service != "iam"
        or not re.fullmatch(r"\d{12}", arn.account)
        or not arn.resource.startswith("role/")
    ):
        raise AwsError("ValidationError", f"{text} is invalid")
    return arn


def _find(call: Call, arn: Arn) -> tuple[Entity | None, dict[str, str]]:
    """The role, its tags. By its own ARN alone: no other text is a second name of it.

    What policies are asked about is the text, and who is denied the one must not have the other.
    """
    with call.database.read() as tx:
        role = principals.role_by_name(tx, arn.account, arn.resource.rpartition("/")[2])
        if role is None or role.arn != str(arn):
            return None, {}
        return role, tags.of(tx, role.id)


def _source_function(call: Call) -> str:
    """The function whose code Lambda opens the session for; nobody else can name one."""
    session = call.caller.session
    return session.source_function_arn if session and _is_service(call) else ""


def _is_service(call: Call) -> bool:
    return call.caller.principal.kind is PrincipalKind.SERVICE


def _is_chained(call: Call) -> bool:
    return call.caller.principal.kind is PrincipalKind.ROLE_SESSION


def _duration(call: Call, params: Params, role: Entity) -> int:
    seconds: int = params.get("DurationSeconds", 3600)
    if seconds > role.max_session_seconds:
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )
    if _is_chained(call) and seconds > _CHAINED_SECONDS:
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
            "role chaining.",
        )
    return seconds


def _given_tags(params: Params) -> dict[str, str]:
    return {tag.get("Key", ""): tag.get("Value", "") for tag in params.get("Tags") or ()}


def _session_tags(call: Call, params: Params) -> _Tags:
    given = params.get("Tags") or ()
    keys = [tag["Key"].lower() for tag in given]
    if len(set(keys)) != len(keys):
        raise AwsError(
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        )
    if any(key.startswith("aws:") for key in keys):
        raise AwsError("InvalidParameterValue", "Tag keys beginning with aws: are reserved.")
    transitive = tuple(params.get("TransitiveTagKeys") or ())
    if not {key.lower() for key in transitive} <= set(keys):
        raise AwsError(
            "InvalidParameterValue",
            "The specified transitive tag key must be included in the requested tags.",
        )
    inherited = _inherited_tags(call)
    if {key.lower() for key in inherited} & set(keys):
        raise AwsError(
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a "
            "transitive tag key from the calling session.",
        )
    return _Tags(_given_tags(params), (*inherited, *transitive), inherited)


def _inherited_tags(call: Call) -> dict[str, str]:
    """The transitive tags of the session that asks."""
    session = call.caller.session
    if session is None:
        return {}
    kept = {key.lower() for key in session.transitive_tag_keys}
    return {key: value for key, value in session.tags.items() if key.lower() in kept}


def _session_policies(
    call: Call, params: Params, account: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    text = params.get("Policy")
    if text is not None:
        try:
            iam.compile(text, PolicyKind.SESSION)
        except iam.MalformedPolicy as error:
            raise AwsError("MalformedPolicyDocument", str(error)) from None
    arns = tuple(each.get("arn", "") for each in params.get("PolicyArns") or ())
    if len(arns) > 10:
        raise AwsError("ValidationError", "Cannot exceed quota for PolicyArns: 10")
    with call.database.read() as tx:
        for arn in arns:
            parsed = Arn.find(arn)
            is_its_own = parsed is not None and parsed.account in (account, "aws")
            if not is_its_own or principals.policy_by_arn(tx, arn) is None:
                raise AwsError("ValidationError", f"Policy {arn} does not exist.")
    return (() if text is None else (text,)), arns


def _source_identity(call: Call, params: Params) -> str:
    """A source identity stays with every session that comes of the one it was set in."""
    kept = _inherited_identity(call)
    given: str = params.get("SourceIdentity", "")
    if kept and given and kept != given:
        raise AccessDenied("SourceIdentity cannot be changed once it is set in a session.")
    return kept or given


def _inherited_identity(call: Call) -> str:
    session = call.caller.session
    return session.source_identity if session else ""


def _packed_percent(
    policies: tuple[str, ...], policy_arns: tuple[str, ...], session: Session
) -> int | None:
    """How much of the allotted space policies and tags take; absent when there are none."""
    texts = [*policies, *policy_arns, *session.tags, *session.tags.values()]
    if not texts:
        return None
    percent = -(-100 * sum(len(text.encode()) for text in texts) // _PACKED_LIMIT)
    if percent > 100:
        raise AwsError(
            "PackedPolicyTooLarge",
            f"Packed policy consumes {percent}% of allotted space, please use smaller policy.",
        )
    return percent


OPERATIONS = (Operation("sts", "AssumeRole", _asks, _assume_role),)
