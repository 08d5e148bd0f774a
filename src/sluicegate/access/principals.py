"""Principals as decisions see them: built from stored users and roles, tokens and the root key."""

from collections.abc import Mapping

from ..arn import root_arn, session_arn
from ..clock import to_datetime
from ..iam.model import Principal, PrincipalKind
from ..store.principals import Entity
from .callers import Caller, Session
from .keys import RootKey
from .sessions import SealedSession


def root(key: RootKey) -> Caller:
    """The account's root user."""
    arn = root_arn(key.account)
    principal = Principal(
        PrincipalKind.ROOT, key.account, arn, key.account, frozenset({arn, key.account})
    )
    context = _common(principal, "Account", {})
    return Caller(principal, key.access_key, "", "root", context)


def user(entity: Entity, access_key: str, tags: Mapping[str, str]) -> Caller:
    """An IAM user with a long-term key."""
    principal = Principal(
        PrincipalKind.USER,
        entity.account,
        entity.arn,
        entity.id,
        frozenset({entity.arn, entity.id}),
    )
    context = _common(principal, "User", tags) | {"aws:username": entity.name}
    return Caller(principal, access_key, entity.id, entity.name, context)


def role_session(
    entity: Entity, access_key: str, session: Session, tags: Mapping[str, str]
) -> Caller:
    """A session of a role. Its tags cover the role's tags of the same name."""
    arn = session_arn(entity.account, entity.name, session.name)
    principal = Principal(
        PrincipalKind.ROLE_SESSION,
        entity.account,
        arn,
        f"{entity.id}:{session.name}",
        frozenset({arn, entity.arn, entity.id}),
        role_arn=entity.arn,
    )
    both = (*tags.items(), *session.tags.items())
    merged = {key.lower(): (key, value) for key, value in both}
    context = _common(principal, "AssumedRole", dict(merged.values()))
    context |= _of_session(session)
    context["aws:PrincipalArn"] = entity.arn
    return Caller(principal, access_key, entity.id, entity.name, context, session)


def service(sealed: SealedSession, access_key: str) -> Caller:
    """An AWS service as itself: judged by resource policies and grants alone."""
    name = sealed.entity_id
    principal = Principal(PrincipalKind.SERVICE, sealed.account, name, name, frozenset({name}))
    context: dict[str, str | tuple[str, ...]] = {
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": name,
        "aws:PrincipalServiceNamesList": (name,),
        "aws:SourceAccount": sealed.account,
        "aws:SourceArn": sealed.source_arn,
    }
    return Caller(principal, access_key, name, name, context, sealed.session)


def _common(
    principal: Principal, type_name: str, tags: Mapping[str, str]
) -> dict[str, str | tuple[str, ...]]:
    keys: dict[str, str | tuple[str, ...]] = {
        "aws:PrincipalArn": principal.arn,
        "aws:PrincipalAccount": principal.account,
        "aws:PrincipalType": type_name,
        "aws:PrincipalIsAWSService": "false",
        "aws:userid": principal.unique_id,
    }
    keys.update({f"aws:PrincipalTag/{key}": value for key, value in tags.items()})
    return keys


def _of_session(session: Session) -> dict[str, str | tuple[str, ...]]:
    issued = to_datetime(session.issued_ms).strftime("%Y-%m-%dT%H:%M:%SZ")
    keys: dict[str, str | tuple[str, ...]] = {
        "aws:TokenIssueTime": issued,
        "aws:MultiFactorAuthPresent": "false",
    }
    if session.source_identity:
        keys["aws:SourceIdentity"] = session.source_identity
    if session.source_function_arn:
        keys["lambda:SourceFunctionArn"] = session.source_function_arn
    return keys
