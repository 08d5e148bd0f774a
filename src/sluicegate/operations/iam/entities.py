"""What users, groups and roles have in common: lists, tags, boundaries, and how they go away."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ...errors import AwsError
from ...store import access_keys, groups, identities, login_profiles, policies, tags
from ...store.database import Tx
from ...store.identities import Entity, Kind
from ..operation import Call, Operation, Params, Result
from . import limits, tagging
from .asks import on, on_all
from .paging import Page
from .subjects import LINKED_PATH, exists, modifiable, parsed, required, writing

_NOTHING: Result = {}


def list_all(
    show: Callable[[Tx, Entity], dict[str, Any]], kind: Kind, call: Call, params: Params
) -> Result:
    """ListUsers, ListGroups, ListRoles: those below a path prefix, by name."""
    page = Page(call.operation, params)
    prefix = params.get("PathPrefix") or "/"
    with call.database.read() as tx:
        rest = identities.listed(tx, kind, call.account, prefix, page.after, page.limit + 1)
        shown, ending = page.head(rest, lambda entity: entity.name.lower())
        return {limits.plural(kind): [show(tx, entity) for entity in shown], **ending}


def check_quota(tx: Tx, call: Call, kind: Kind) -> None:
    """Refuse one more user, group or role than an account may have."""
    number = identities.count(tx, kind, call.account) + 1
    limits.within(number, f"{limits.plural(kind)}PerAccount", limits.PER_ACCOUNT[kind])


def check_path(path: str) -> str:
    """A path somebody asks for: service-linked roles have theirs to themselves."""
    if path.startswith(LINKED_PATH):
        raise AwsError(
            "InvalidInput",
            f"Path prefix '{LINKED_PATH}' can only be used for AWS Service linked Roles",
        )
    return path


def check_boundary(tx: Tx, call: Call, arn: str | None) -> str | None:
    """A permissions boundary must be a managed policy the account may use."""
    if arn is not None and not exists(tx, call, arn):
        raise AwsError("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.")
    return arn


def check_removable(tx: Tx, entity: Entity) -> None:
    """Refuse to delete what still has something attached, in AWS's order."""
    is_user, is_group = entity.kind is Kind.USER, entity.kind is Kind.GROUP
    reasons = (
        (bool(policies.attached(tx, entity.id)), "must detach all policies first."),
        (bool(policies.inline(tx, entity.id)), "must delete policies first."),
        (
            is_user and bool(access_keys.of_user(tx, entity.id)),
            "must delete access keys first.",
        ),
        (
            is_user and login_profiles.of_user(tx, entity.id) is not None,
            "must delete login profile first.",
        ),
        (
            (is_user and bool(groups.groups_of(tx, entity.id)))
            or (is_group and bool(groups.members(tx, entity.id))),
            "must remove users from group first.",
        ),
    )
    for is_there, reason in reasons:
        if is_there:
            raise AwsError("DeleteConflict", f"Cannot delete entity, {reason}")


def delete(kind: Kind, call: Call, params: Params) -> Result:
    """DeleteUser, DeleteGroup, DeleteRole."""
    with writing(call) as tx:
        entity = modifiable(tx, kind, call, params)
        check_removable(tx, entity)
        tags.remove(tx, entity.id)
        identities.remove(tx, entity)
    return _NOTHING


def put_boundary(kind: Kind, call: Call, params: Params) -> Result:
    """Limit a user or role to what a managed policy allows."""
    with writing(call) as tx:
        entity = modifiable(tx, kind, call, params)
        arn = check_boundary(tx, call, parsed(params["PermissionsBoundary"]))
        identities.change(tx, entity, boundary_arn=arn)
    return _NOTHING


def delete_boundary(kind: Kind, call: Call, params: Params) -> Result:
    """Lift the limit; nothing happens when there is none."""
    with writing(call) as tx:
        identities.change(tx, modifiable(tx, kind, call, params), boundary_arn=None)
    return _NOTHING


def tag(kind: Kind, call: Call, params: Params) -> Result:
    """TagUser, TagRole; a service-linked role may be tagged."""
    with writing(call) as tx:
        tagging.put(tx, required(tx, kind, call, params).id, kind.value, params["Tags"])
    return _NOTHING


def untag(kind: Kind, call: Call, params: Params) -> Result:
    """UntagUser, UntagRole."""
    with writing(call) as tx:
        tagging.remove(tx, required(tx, kind, call, params).id, params["TagKeys"])
    return _NOTHING


def list_tags(kind: Kind, call: Call, params: Params) -> Result:
    """ListUserTags, ListRoleTags."""
    with call.database.read() as tx:
        own = tags.of(tx, required(tx, kind, call, params).id)
    return tagging.page(call, params, own)


def listing(kind: Kind, show: Callable[[Tx, Entity], dict[str, Any]]) -> Operation:
    """The operation that lists one kind; its denials print a pseudo ARN."""
    name = f"List{limits.plural(kind)}"
    return Operation("iam", name, on_all(f"{kind.noun}/"), partial(list_all, show, kind))


_EVERY: Mapping[str, Callable[[Kind, Call, Params], Result]] = {"Delete{}": delete}
_USERS_AND_ROLES: Mapping[str, Callable[[Kind, Call, Params], Result]] = {
    "Put{}PermissionsBoundary": put_boundary,
    "Delete{}PermissionsBoundary": delete_boundary,
    "Tag{}": tag,
    "Untag{}": untag,
    "List{}Tags": list_tags,
}


def _operations(
    kinds: tuple[Kind, ...], runs: Mapping[str, Callable[[Kind, Call, Params], Result]]
) -> tuple[Operation, ...]:
    return tuple(
        Operation("iam", name.format(kind.value), on(kind), partial(run, kind))
        for kind in kinds
        for name, run in runs.items()
    )


OPERATIONS = (
    *_operations(tuple(Kind), _EVERY),
    *_operations((Kind.USER, Kind.ROLE), _USERS_AND_ROLES),
)
