"""What must be allowed before an operation of IAM runs: on which ARN, with which keys."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...access import Ask
from ...arn import Arn
from ...store import policies, tags
from ...store.identities import Kind, arn_of
from ..operation import Call, Params
from .subjects import find

Asks = Callable[[Call, Params], Iterable[Ask]]

# Where AWS offers iam:PermissionsBoundary beside Create and Put, which look at the one sent.
_BOUNDARY_ACTIONS = frozenset(
    {
        "AttachRolePolicy",
        "AttachUserPolicy",
        "DeleteRole",
        "DeleteRolePermissionsBoundary",
        "DeleteRolePolicy",
        "DeleteUserPermissionsBoundary",
        "DeleteUserPolicy",
        "DetachRolePolicy",
        "DetachUserPolicy",
        "GetRole",
        "PutRolePolicy",
        "PutUserPolicy",
        "UpdateAssumeRolePolicy",
        "UpdateRole",
        "UpdateRoleDescription",
    }
)


def on(kind: Kind) -> Asks:
    """Ask for the user, group or role a call names, with its tags and its boundary."""

    def asks(call: Call, params: Params) -> Iterable[Ask]:
        return (ask_about(call, params, kind),)

    return asks


def ask_about(call: Call, params: Params, kind: Kind) -> Ask:
    """The question about a user, group or role; one that does not exist has path `/`."""
    name = params.get(f"{kind.value}Name") or ""
    with call.database.read() as tx:
        entity = find(tx, kind, call, params)
        own = tags.of(tx, entity.id) if entity is not None else {}
    has_tags = kind is not Kind.GROUP
    context = _of_request(params)
    boundary = params.get("PermissionsBoundary")
    if call.operation in _BOUNDARY_ACTIONS and entity is not None:
        boundary = entity.boundary_arn
    if boundary:
        context["iam:PermissionsBoundary"] = boundary
    if has_tags:
        context |= {f"iam:ResourceTag/{key}": value for key, value in own.items()}
    return Ask(
        f"iam:{call.operation}",
        arn_of(call.account, kind.noun, "/", name) if entity is None else entity.arn,
        context=context,
        tags=own if has_tags else None,
        request_tags=request_tags(params),
        shown=f"{kind.noun} {name if entity is None else entity.name}",
    )


def on_new(kind: Kind) -> Asks:
    """Ask for a user, group or role to be made; sent tags ask for tagging too."""

    def asks(call: Call, params: Params) -> Iterable[Ask]:
        name = params.get(f"{kind.value}Name") or ""
        arn = arn_of(call.account, kind.noun, params.get("Path") or "/", name)
        boundary = params.get("PermissionsBoundary")
        context = {"iam:PermissionsBoundary": boundary} if boundary else {}
        yield Ask(f"iam:Create{kind.value}", arn, context, request_tags=request_tags(params))
        if params.get("Tags"):
            yield Ask(f"iam:Tag{kind.value}", arn, request_tags=request_tags(params))

    return asks


def on_renamed(kind: Kind) -> Asks:
    """Ask for what is renamed or moved, and for what it will be."""

    def asks(call: Call, params: Params) -> Iterable[Ask]:
        old = ask_about(call, params, kind)
        yield old
        _, _, path_and_name = old.resource.partition(f":{kind.noun}/")
        path, _, name = f"/{path_and_name}".rpartition("/")
        new_path = params.get("NewPath") or f"{path}/"
        new_name = params.get(f"New{kind.value}Name") or name
        arn = arn_of(call.account, kind.noun, new_path, new_name)
        if arn != old.resource:
            yield Ask(old.action, arn, tags=old.tags)

    return asks


def on_policy(call: Call, params: Params) -> Iterable[Ask]:
    """Ask for the managed policy a call names, to read it or to change it.

    AWS's own may be read by whoever is allowed to; they belong to an account no policy of ours
    speaks for, so nobody may change them. The same holds for other accounts' policies.
    """
    arn = params.get("PolicyArn") or ""
    with call.database.read() as tx:
        policy = policies.find(tx, arn)
        own = tags.of(tx, policy.id) if policy is not None else {}
    found = Arn.find(arn)
    account = found.account if found is not None else call.account
    is_readable = account == "aws" and call.operation.startswith(("Get", "List"))
    yield Ask(
        f"iam:{call.operation}",
        arn or "*",
        context=_of_request(params),
        tags=own if account == call.account else {},
        request_tags=request_tags(params),
        resource_account="" if is_readable or account == call.account else account,
        shown=f"policy {arn}",
    )


def on_all(shown: str = "") -> Asks:
    """Ask for an action no resource narrows; `shown` is the pseudo ARN's end, as `user/`."""

    def asks(call: Call, _params: Params) -> Iterable[Ask]:
        pseudo = call.arn("iam", shown, is_global=True) if shown else ""
        return (Ask(f"iam:{call.operation}", "*", shown=pseudo),)

    return asks


def request_tags(params: Params) -> Mapping[str, str] | None:
    """The tags sent along, None when there are none."""
    sent = params.get("Tags")
    return {tag.get("Key", ""): tag.get("Value", "") for tag in sent} if sent else None


def _of_request(params: Params) -> dict[str, Any]:
    context: dict[str, Any] = {}
    if params.get("PolicyArn"):
        context["iam:PolicyARN"] = params["PolicyArn"]
    if params.get("TagKeys"):
        context["aws:TagKeys"] = tuple(params["TagKeys"])
    return context
