"""What must be allowed before an operation runs: on which ARNs, with which keys.

Whose account manages no organization asks on `*`: there is nothing there for it, and of the
organization it may be in it learns nothing by asking.
"""

from collections.abc import Callable, Iterable
from typing import Any

from ...access import Ask
from ...iam.model import Context
from ...store import tags
from ...store.database import Tx
from ...store.organizations import nodes, organizations, policies
from ...store.organizations.organizations import SERVICE_CONTROL, Organization
from ..operation import Call, Params

Asks = Callable[[Call, Params], Iterable[Ask]]


def on_all(call: Call, params: Params) -> Iterable[Ask]:
    """Ask where no resource is named."""
    action = f"organizations:{call.operation}"
    yield Ask(action, "*", context=_keys_of(params), request_tags=given(params))


def on(*members: str) -> Asks:
    """Ask for each root, unit, account or policy that a member of the call names."""

    def asks(call: Call, params: Params) -> Iterable[Ask]:
        with call.database.read() as tx:
            organization = _managed(tx, call)
            if organization is None:
                return (*on_all(call, params),)
            context = _keys(tx, organization, params)
            named = [params.get(member) or "" for member in members]
            return [_ask(tx, call, organization, name, context, params) for name in named]

    return asks


def on_new_policy(call: Call, params: Params) -> Iterable[Ask]:
    """Ask for a policy to be made: its id is nothing anybody knows yet."""
    with call.database.read() as tx:
        organization = _managed(tx, call)
    if organization is None:
        yield from on_all(call, params)
        return
    kind = (params.get("Type") or SERVICE_CONTROL).lower()
    yield Ask(
        f"organizations:{call.operation}",
        organization.arn_of("policy", f"{kind}/*"),
        context=_keys_of(params),
        request_tags=given(params),
    )


def given(params: Params) -> dict[str, str] | None:
    """The tags a request brings."""
    sent: list[dict[str, Any]] = params.get("Tags") or []
    return {tag.get("Key", ""): tag.get("Value", "") for tag in sent} or None


def arn_of(tx: Tx, organization: Organization, name: str) -> str:
    """The ARN of whatever an id names, be there such a thing or not."""
    if not name.startswith("p-"):
        return nodes.arn_of(organization, name)
    policy = policies.find(tx, organization, name)
    if policy is not None:
        return policy.arn(organization)
    return organization.arn_of("policy", f"{SERVICE_CONTROL.lower()}/{name}")


def _ask(
    tx: Tx, call: Call, organization: Organization, name: str, context: Context, params: Params
) -> Ask:
    arn = arn_of(tx, organization, name)
    return Ask(
        f"organizations:{call.operation}",
        arn,
        context=context,
        tags={} if "\0" in name else tags.of(tx, arn),
        request_tags=given(params),
    )


def _managed(tx: Tx, call: Call) -> Organization | None:
    organization = organizations.of_account(tx, call.account)
    is_own = organization is not None and organization.management == call.account
    return organization if is_own else None


def _keys(tx: Tx, organization: Organization, params: Params) -> Context:
    name = params.get("PolicyId") or params.get("ResourceId") or ""
    policy = policies.find(tx, organization, name) if name.startswith("p-") else None
    context = {} if policy is None else {"organizations:PolicyType": policy.type}
    return {**_keys_of(params), **context}


def _keys_of(params: Params) -> Context:
    context: dict[str, str | tuple[str, ...]] = {}
    for member in ("Type", "PolicyType", "Filter"):
        if member in params:
            context["organizations:PolicyType"] = params[member]
    if keys := params.get("TagKeys"):
        context["aws:TagKeys"] = tuple(keys)
    return context
