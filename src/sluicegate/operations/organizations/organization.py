"""An organization as a whole: made, looked at, deleted; the types of policy that count in it."""

from ...store import tags
from ...store.database import Tx
from ...store.organizations import nodes, organizations, policies
from ...store.organizations.nodes import Node
from ...store.organizations.organizations import ALL_FEATURES, Organization, new_id
from ..operation import Call, Operation, Params, Result
from . import shapes
from .asks import on, on_all
from .membership import managed, own, place, reading, writing
from .paging import page
from .refusals import refused


def _create(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        if organizations.of_account(tx, call.account) is not None:
            raise refused("AlreadyInOrganizationException")
        made = organizations.add(tx, call.account, params.get("FeatureSet") or ALL_FEATURES)
        root = Node(new_id("r", 4), "", "Root")
        nodes.add(tx, made, root)
        # Nobody told us the address of the account's owner; this one reaches nobody.
        email = f"root-{call.account}@sluicegate.invalid"
        nodes.add(tx, made, Node(call.account, root.id, "Management account", email, call.now_ms))
        return {"Organization": shapes.organization(tx, made)}


def _describe(call: Call, _params: Params) -> Result:
    with call.database.read() as tx:
        return {"Organization": shapes.organization(tx, own(tx, call))}


def _delete(call: Call, _params: Params) -> Result:
    with writing(call) as (tx, organization):
        everything = nodes.every(tx, organization)
        if len(everything) > 2:  # the root and the management account
            raise refused("OrganizationNotEmptyException")
        for node in everything:
            tags.remove(tx, node.arn(organization))
        for kind in shapes.TYPES:
            for policy in policies.listed(tx, organization, kind):
                tags.remove(tx, policy.arn(organization))
        organizations.remove(tx, organization)
    return {}


def _list_roots(call: Call, params: Params) -> Result:
    with reading(call) as (tx, organization):
        roots = [shapes.root(tx, organization)]
    return page(call, params, "Roots", roots, lambda root: root["Id"], lambda root: root)


def _enable(call: Call, params: Params) -> Result:
    kind = params["PolicyType"]
    with writing(call) as (tx, organization):
        _check_root(tx, organization, params)
        check_type(organization, kind)
        if kind in organizations.enabled_types(tx, organization):
            raise refused("PolicyTypeAlreadyEnabledException")
        organizations.enable_type(tx, organization, kind)
        for node in nodes.every(tx, organization):
            policies.attach(tx, node.id, policies.FULL_ACCESS[kind], call.now_ms)
        return {"Root": shapes.root(tx, organization)}


def _disable(call: Call, params: Params) -> Result:
    kind = params["PolicyType"]
    with writing(call) as (tx, organization):
        _check_root(tx, organization, params)
        if kind not in organizations.enabled_types(tx, organization):
            raise refused("PolicyTypeNotEnabledException")
        policies.detach_all(tx, organization, kind)
        organizations.disable_type(tx, organization, kind)
        return {"Root": shapes.root(tx, organization)}


def check_type(organization: Organization, kind: str) -> None:
    """Refuse a type of policy that the organization cannot have."""
    if kind not in shapes.TYPES or organization.feature_set != ALL_FEATURES:
        raise refused("PolicyTypeNotAvailableForOrganizationException")


def _check_root(tx: Tx, organization: Organization, params: Params) -> None:
    place(tx, organization, params["RootId"], "RootNotFoundException", nodes.Kind.ROOT)


def _list_services(call: Call, _params: Params) -> Result:
    """No AWS service works in an organization here."""
    with call.database.read() as tx:
        managed(tx, call)
    return {"EnabledServicePrincipals": []}


OPERATIONS = (
    Operation("organizations", "CreateOrganization", on_all, _create),
    Operation("organizations", "DescribeOrganization", on_all, _describe),
    Operation("organizations", "DeleteOrganization", on_all, _delete),
    Operation("organizations", "ListRoots", on_all, _list_roots),
    Operation("organizations", "EnablePolicyType", on("RootId"), _enable),
    Operation("organizations", "DisablePolicyType", on("RootId"), _disable),
    Operation("organizations", "ListAWSServiceAccessForOrganization", on_all, _list_services),
)
