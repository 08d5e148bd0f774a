"""Accounts: made with a role that lets the management account in, and let go again."""

import json

from ...arn import root_arn
from ...store import identities, policies, tags
from ...store.database import Tx
from ...store.identities import Kind as Entities
from ...store.organizations import creations, nodes
from ...store.organizations.creations import Creation
from ...store.organizations.nodes import Kind, Node
from ...store.organizations.organizations import Organization, new_id
from ..operation import Call, Operation, Params, Result
from . import shapes, tagging
from .asks import on, on_all
from .membership import parent, place, reading, writing
from .paging import page
from .refusals import refused
from .units import settle

_ROLE = "OrganizationAccountAccessRole"
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
# AWS's default is ten, which it raises on request up to this.
_MOST = 10_000


def _create(call: Call, params: Params) -> Result:
    """Make an account, at once; what a request may fail by, its status tells."""
    given, role = tagging.given(params), params.get("RoleName") or _ROLE
    with writing(call) as (tx, organization):
        failure = _failure(tx, organization, params["Email"])
        account = "" if failure else creations.new_account(tx)
        name = params["AccountName"]
        creation = Creation(new_id("car", 32), name, account, failure, call.now_ms)
        creations.add(tx, organization, creation)
        if account:
            root = nodes.root(tx, organization)
            node = Node(account, root.id, name, params["Email"], call.now_ms)
            settle(tx, organization, node, call.now_ms)
            tags.put(tx, node.arn(organization), given)
            _let_in(tx, organization, account, role, call.now_ms)
    return {"CreateAccountStatus": shapes.creation(creation)}


def _failure(tx: Tx, organization: Organization, email: str) -> str:
    accounts = _accounts(tx, organization)
    if any(node.email.lower() == email.lower() for node in accounts):
        return "EMAIL_ALREADY_EXISTS"
    return "ACCOUNT_LIMIT_EXCEEDED" if len(accounts) >= _MOST else ""


def _let_in(tx: Tx, organization: Organization, account: str, name: str, now_ms: int) -> None:
    """The one way into a new account: a role that trusts the management account."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": root_arn(organization.management)},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
    role = identities.add(
        tx, Entities.ROLE, account, name, "/", now_ms, trust=trust, max_session_seconds=3600
    )
    policies.attach(tx, account, role.id, _ADMINISTRATOR, now_ms)


def _accounts(tx: Tx, organization: Organization) -> list[Node]:
    return [node for node in nodes.every(tx, organization) if node.kind is Kind.ACCOUNT]


def _describe_creation(call: Call, params: Params) -> Result:
    request = params["CreateAccountRequestId"]
    with reading(call) as (tx, organization):
        for creation in creations.every(tx, organization):
            if creation.id == request:
                return {"CreateAccountStatus": shapes.creation(creation)}
    raise refused("CreateAccountStatusNotFoundException")


def _list_creations(call: Call, params: Params) -> Result:
    states = params.get("States")
    with reading(call) as (tx, organization):
        found = [shapes.creation(one) for one in creations.every(tx, organization)]
    wanted = [one for one in found if not states or one["State"] in states]
    member = "CreateAccountStatuses"
    return page(call, params, member, wanted, lambda one: one["Id"], lambda one: one)


def _describe(call: Call, params: Params) -> Result:
    with reading(call) as (tx, organization):
        node = account(tx, organization, params["AccountId"])
        return {"Account": shapes.account(tx, organization, node)}


def account(tx: Tx, organization: Organization, number: str) -> Node:
    """The account of that number."""
    return place(tx, organization, number, "AccountNotFoundException", Kind.ACCOUNT)


def _list(call: Call, params: Params) -> Result:
    with reading(call) as (tx, organization):
        return _page(tx, call, params, organization, _accounts(tx, organization))


def _list_below(call: Call, params: Params) -> Result:
    with reading(call) as (tx, organization):
        above = parent(tx, organization, params["ParentId"])
        found = nodes.children(tx, above.id, Kind.ACCOUNT)
        return _page(tx, call, params, organization, found)


def _page(
    tx: Tx, call: Call, params: Params, organization: Organization, found: list[Node]
) -> Result:
    return page(
        call,
        params,
        "Accounts",
        found,
        lambda node: node.id,
        lambda node: shapes.account(tx, organization, node),
    )


def _move(call: Call, params: Params) -> Result:
    with writing(call) as (tx, organization):
        node = account(tx, organization, params["AccountId"])
        above = (Kind.ROOT, Kind.UNIT)
        source, target = params["SourceParentId"], params["DestinationParentId"]
        place(tx, organization, source, "SourceParentNotFoundException", *above)
        place(tx, organization, target, "DestinationParentNotFoundException", *above)
        if node.parent_id == target:
            raise refused("DuplicateAccountException")
        if node.parent_id != source:
            raise refused("SourceParentNotFoundException")
        nodes.move(tx, node.id, target)
    return {}


def _remove(call: Call, params: Params) -> Result:
    """Let an account go: it stands alone, with all that is in it and nothing above it."""
    with writing(call) as (tx, organization):
        node = account(tx, organization, params["AccountId"])
        if node.id == organization.management:
            raise refused("MasterCannotLeaveOrganizationException")
        tags.remove(tx, node.arn(organization))
        nodes.remove(tx, node.id)
    return {}


_ON_ACCOUNT = on("AccountId")
_ON_MOVED = on("AccountId", "SourceParentId", "DestinationParentId")

OPERATIONS = (
    Operation("organizations", "CreateAccount", on_all, _create),
    Operation("organizations", "DescribeCreateAccountStatus", on_all, _describe_creation),
    Operation("organizations", "ListCreateAccountStatus", on_all, _list_creations),
    Operation("organizations", "DescribeAccount", _ON_ACCOUNT, _describe),
    Operation("organizations", "ListAccounts", on_all, _list),
    Operation("organizations", "ListAccountsForParent", on("ParentId"), _list_below),
    Operation("organizations", "MoveAccount", _ON_MOVED, _move),
    Operation("organizations", "RemoveAccountFromOrganization", _ON_ACCOUNT, _remove),
)
