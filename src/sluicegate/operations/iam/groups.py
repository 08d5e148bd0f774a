"""Groups of users: policies written once for many."""

from typing import Any

from ...store import groups as memberships
from ...store import identities
from ...store.database import Tx
from ...store.identities import Entity, Kind
from ..operation import Call, Operation, Params, Result
from . import entities, limits, shapes
from .asks import on, on_new, on_renamed
from .paging import Page
from .subjects import required, taken, writing


def create(call: Call, params: Params) -> Result:
    """Make a group without members."""
    name, path = params["GroupName"], entities.check_path(params.get("Path") or "/")
    with writing(call, taken(Kind.GROUP, name)) as tx:
        entities.check_quota(tx, call, Kind.GROUP)
        group = identities.add(tx, Kind.GROUP, call.account, name, path, call.now_ms)
    return {"Group": shapes.entity(group)}


def get(call: Call, params: Params) -> Result:
    """A group and, in pages, its members."""
    with call.database.read() as tx:
        group = required(tx, Kind.GROUP, call, params)
        members = memberships.members(tx, group.id)
    page = Page(call.operation, params).of(
        "Users", members, lambda one: one.name.lower(), shapes.entity
    )
    return {"Group": shapes.entity(group), **page}


def update(call: Call, params: Params) -> Result:
    """Rename or move a group; members and policies stay."""
    new_name = params.get("NewGroupName")
    new_path = entities.check_path(params.get("NewPath") or "")
    with writing(call, taken(Kind.GROUP, new_name or "")) as tx:
        group = required(tx, Kind.GROUP, call, params)
        identities.change(tx, group, name=new_name or group.name, path=new_path or group.path)
    return {}


def add_user(call: Call, params: Params) -> Result:
    """Put a user into a group; nothing happens when it is in it."""
    with writing(call) as tx:
        group = required(tx, Kind.GROUP, call, params)
        user = required(tx, Kind.USER, call, params)
        others = [one for one in memberships.groups_of(tx, user.id) if one.id != group.id]
        limits.within(len(others) + 1, "GroupsPerUser", limits.GROUPS_PER_USER)
        memberships.join(tx, user.id, group.id, call.now_ms)
    return {}


def remove_user(call: Call, params: Params) -> Result:
    """Take a user out of a group; nothing happens when it is not in it."""
    with writing(call) as tx:
        group = required(tx, Kind.GROUP, call, params)
        memberships.leave(tx, required(tx, Kind.USER, call, params).id, group.id)
    return {}


def _listed(_tx: Tx, group: Entity) -> dict[str, Any]:
    return shapes.entity(group)


_ON_GROUP = on(Kind.GROUP)

OPERATIONS = (
    Operation("iam", "CreateGroup", on_new(Kind.GROUP), create),
    Operation("iam", "GetGroup", _ON_GROUP, get),
    Operation("iam", "UpdateGroup", on_renamed(Kind.GROUP), update),
    Operation("iam", "AddUserToGroup", _ON_GROUP, add_user),
    Operation("iam", "RemoveUserFromGroup", _ON_GROUP, remove_user),
    entities.listing(Kind.GROUP, _listed),
)
