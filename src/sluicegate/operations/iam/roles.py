"""Roles: who may assume them is their trust policy's to say."""

from typing import Any

from ...iam.model import PolicyKind
from ...store import identities, tags
from ...store.database import Tx
from ...store.identities import Entity, Kind
from .. import whom
from ..operation import Call, Operation, Params, Result
from . import documents, entities, limits, shapes, tagging
from .asks import on, on_new
from .subjects import exclusive, modifiable, parsed, required, taken, writing

_SIGNIN = ("MaxSigninSessionDuration", "ResetMaxSigninSessionDuration")


def create(call: Call, params: Params) -> Result:
    """Make a role with its trust policy."""
    name, path = params["RoleName"], entities.check_path(params.get("Path") or "/")
    boundary, given = params.get("PermissionsBoundary"), tagging.given(params.get("Tags"))
    with writing(call, taken(Kind.ROLE, name)) as tx:
        entities.check_quota(tx, call, Kind.ROLE)
        entities.check_boundary(tx, call, boundary and parsed(boundary))
        role = identities.add(
            tx,
            Kind.ROLE,
            call.account,
            name,
            path,
            call.now_ms,
            boundary_arn=boundary,
            trust=_trust(tx, call, params["AssumeRolePolicyDocument"]),
            description=params.get("Description"),
            max_session_seconds=params.get("MaxSessionDuration") or 3600,
            max_signin_seconds=params.get("MaxSigninSessionDuration"),
        )
        tags.put(tx, role.id, given)
        return {"Role": shapes.created_role(role, whom.shown(tx, role.trust), given)}


def get(call: Call, params: Params) -> Result:
    """One role with everything known of it."""
    with call.database.read() as tx:
        role = required(tx, Kind.ROLE, call, params)
        trust = whom.shown(tx, role.trust)
        return {"Role": shapes.whole_role(role, trust, tags.of(tx, role.id))}


def update(call: Call, params: Params) -> Result:
    """Change description and session lengths; a length left out goes back to an hour."""
    exclusive(params, *_SIGNIN)
    with writing(call) as tx:
        # A service-linked role's sign-in length is the one of these that its owner may not change.
        subject = modifiable if any(map(params.get, _SIGNIN)) else required
        role = subject(tx, Kind.ROLE, call, params)
        is_reset = params.get("ResetMaxSigninSessionDuration")
        kept_seconds = None if is_reset else role.max_signin_seconds
        identities.change(
            tx,
            role,
            description=params.get("Description", role.description),
            max_session_seconds=params.get("MaxSessionDuration") or 3600,
            max_signin_seconds=params.get("MaxSigninSessionDuration", kept_seconds),
        )
    return {}


def update_description(call: Call, params: Params) -> Result:
    """Change the description alone."""
    with writing(call) as tx:
        role = required(tx, Kind.ROLE, call, params)
        identities.change(tx, role, description=params["Description"])
        role = required(tx, Kind.ROLE, call, params)
        return {"Role": shapes.role(role, whom.shown(tx, role.trust))}


def update_trust(call: Call, params: Params) -> Result:
    """Put another trust policy in place of the role's."""
    with writing(call) as tx:
        role = modifiable(tx, Kind.ROLE, call, params)
        identities.change(tx, role, trust=_trust(tx, call, params["PolicyDocument"]))
    return {}


def instance_profiles(call: Call, params: Params) -> Result:
    """None: there are no machines here that could have one."""
    with call.database.read() as tx:
        required(tx, Kind.ROLE, call, params)
    return {"InstanceProfiles": [], "IsTruncated": False}


def _trust(tx: Tx, call: Call, text: str) -> str:
    documents.check(text, PolicyKind.TRUST)
    limits.within(documents.size([text]), "ACLSizePerRole", limits.TRUST_SIZE)
    return documents.pinned(tx, call.account, text)


def _listed(tx: Tx, role: Entity) -> dict[str, Any]:
    return shapes.role(role, whom.shown(tx, role.trust))


_ON_ROLE = on(Kind.ROLE)

OPERATIONS = (
    Operation("iam", "CreateRole", on_new(Kind.ROLE), create),
    Operation("iam", "GetRole", _ON_ROLE, get),
    Operation("iam", "UpdateRole", _ON_ROLE, update),
    Operation("iam", "UpdateRoleDescription", _ON_ROLE, update_description),
    Operation("iam", "UpdateAssumeRolePolicy", _ON_ROLE, update_trust),
    Operation("iam", "ListInstanceProfilesForRole", _ON_ROLE, instance_profiles),
    entities.listing(Kind.ROLE, _listed),
)
