"""Users."""

from typing import Any

from ...access import Ask
from ...iam.model import PrincipalKind
from ...store import groups, identities, tags
from ...store.database import Tx
from ...store.identities import Entity, Kind
from ..operation import Call, Operation, Params, Result
from . import entities, shapes, tagging
from .asks import on, on_new, on_renamed
from .paging import Page
from .subjects import parsed, required, taken, writing


def create(call: Call, params: Params) -> Result:
    """Make a user; it may do nothing until a policy says so."""
    name, boundary = params["UserName"], params.get("PermissionsBoundary")
    path = entities.check_path(params.get("Path") or "/")
    given = tagging.given(params.get("Tags"))
    with writing(call, taken(Kind.USER, name)) as tx:
        entities.check_quota(tx, call, Kind.USER)
        entities.check_boundary(tx, call, boundary and parsed(boundary))
        user = identities.add(
            tx,
            Kind.USER,
            call.account,
            name,
            path,
            call.now_ms,
            boundary_arn=boundary,
        )
        tags.put(tx, user.id, given)
    return {"User": shapes.user(user, given)}


def _is_root_itself(call: Call, params: Params) -> bool:
    is_root = call.caller.principal.kind is PrincipalKind.ROOT
    return is_root and params.get("UserName") is None


def get_asks(call: Call, params: Params) -> list[Ask]:
    """Ask for the user named, or for whoever calls."""
    if _is_root_itself(call, params):
        return [Ask("iam:GetUser", call.caller.principal.arn)]
    return list(on(Kind.USER)(call, params))


def get(call: Call, params: Params) -> Result:
    """One user; without a name, the caller's own. The root user has no name, path or date."""
    if _is_root_itself(call, params):
        principal = call.caller.principal
        return {"User": {"UserId": principal.account, "Arn": principal.arn}}
    with call.database.read() as tx:
        user = required(tx, Kind.USER, call, params)
        return {"User": shapes.user(user, tags.of(tx, user.id))}


def update(call: Call, params: Params) -> Result:
    """Rename or move a user. Groups, policies, keys and trust policies stay with it."""
    new_name = params.get("NewUserName")
    new_path = entities.check_path(params.get("NewPath") or "")
    with writing(call, taken(Kind.USER, new_name or "")) as tx:
        user = required(tx, Kind.USER, call, params)
        identities.change(tx, user, name=new_name or user.name, path=new_path or user.path)
    return {}


def groups_for_user(call: Call, params: Params) -> Result:
    """The groups a user is in, by name."""
    with call.database.read() as tx:
        found = groups.groups_of(tx, required(tx, Kind.USER, call, params).id)
    return Page(call.operation, params).of(
        "Groups", found, lambda one: one.name.lower(), shapes.entity
    )


def _listed(_tx: Tx, user: Entity) -> dict[str, Any]:
    return shapes.entity(user)


_ON_USER = on(Kind.USER)

OPERATIONS = (
    Operation("iam", "CreateUser", on_new(Kind.USER), create),
    Operation("iam", "GetUser", get_asks, get),
    Operation("iam", "UpdateUser", on_renamed(Kind.USER), update),
    Operation("iam", "ListGroupsForUser", _ON_USER, groups_for_user),
    entities.listing(Kind.USER, _listed),
)
