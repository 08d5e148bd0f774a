"""Managed policies attached to users, groups and roles."""

from collections.abc import Callable, Mapping
from functools import partial

from ...errors import AwsError
from ...store import policies
from ...store.identities import Kind
from ..operation import Call, Operation, Params, Result
from . import limits, shapes
from .asks import on
from .paging import Page
from .subjects import LINKED_PATH, exists, missing_policy, modifiable, parsed, required, writing


def attach(kind: Kind, call: Call, params: Params) -> Result:
    """Attach a policy; nothing happens when it is attached."""
    arn = parsed(params["PolicyArn"])
    with writing(call) as tx:
        entity = modifiable(tx, kind, call, params)
        if not exists(tx, call, arn):
            raise AwsError("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")
        if arn.startswith(f"arn:aws:iam::aws:policy{LINKED_PATH}"):
            raise AwsError(
                "PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role."
            )
        attached = policies.attached(tx, entity.id)
        if arn not in attached:
            quota = f"PoliciesPer{kind.value}"
            limits.within(len(attached) + 1, quota, limits.ATTACHED)
            policies.attach(tx, call.account, entity.id, arn, call.now_ms)
    return {}


def detach(kind: Kind, call: Call, params: Params) -> Result:
    """Detach a policy that is attached."""
    arn = parsed(params["PolicyArn"])
    with writing(call) as tx:
        if not policies.detach(tx, modifiable(tx, kind, call, params).id, arn):
            raise missing_policy(arn)
    return {}


def list_attached(kind: Kind, call: Call, params: Params) -> Result:
    """The policies attached to one, below a path prefix, by name."""
    prefix = params.get("PathPrefix") or "/"
    with call.database.read() as tx:
        attached = policies.attached(tx, required(tx, kind, call, params).id)
    shown = [arn for arn in attached if _path(arn).startswith(prefix)]
    return Page(call.operation, params).of("AttachedPolicies", shown, _key, shapes.attached_policy)


def _path(arn: str) -> str:
    return arn.partition(":policy")[2]


def _key(arn: str) -> str:
    # A customer's policy may have the name of one of AWS's.
    return f"{arn.rpartition('/')[2].lower()} {arn.split(':')[4]}"


_RUNS: Mapping[str, Callable[[Kind, Call, Params], Result]] = {
    "Attach{}Policy": attach,
    "Detach{}Policy": detach,
    "ListAttached{}Policies": list_attached,
}

OPERATIONS = tuple(
    Operation("iam", name.format(kind.value), on(kind), partial(run, kind))
    for kind in Kind
    for name, run in _RUNS.items()
)
