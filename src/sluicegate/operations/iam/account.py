"""The account as a whole: its alias, how much it has of everything, and all of it at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ... import aws_policies
from ...aws_policies import AwsPolicy
from ...errors import AwsError
from ...store import accounts, groups, identities, policies, tags
from ...store.database import Tx
from ...store.identities import Entity, Kind
from ...store.organizations import creations
from ...store.policies import ManagedPolicy, Version
from .. import whom
from ..operation import Call, Operation, Params, Result
from . import documents, limits, shapes
from .asks import on_all
from .paging import Page
from .subjects import writing


def create_alias(call: Call, params: Params) -> Result:
    """Give the account an alias, in place of the one it had."""
    alias = params["AccountAlias"]
    taken = AwsError("EntityAlreadyExists", f"The account alias {alias} already exists.")
    with writing(call, taken) as tx:
        accounts.set_alias(tx, call.account, alias)
    return {}


def delete_alias(call: Call, params: Params) -> Result:
    """Take the account's alias away."""
    alias = params["AccountAlias"]
    with writing(call) as tx:
        if accounts.alias_of(tx, call.account) != alias:
            raise AwsError("NoSuchEntity", f"The account alias {alias} cannot be found.")
        accounts.remove_alias(tx, call.account)
    return {}


def list_aliases(call: Call, params: Params) -> Result:
    """The account's alias, when it has one."""
    with call.database.read() as tx:
        alias = accounts.alias_of(tx, call.account)
    return Page(call.operation, params).of("AccountAliases", [alias] if alias else [], str, str)


def summary(call: Call, _params: Params) -> Result:
    """How much the account has and may have; what is not served here counts as none."""
    with call.database.read() as tx:
        used = {limits.plural(kind): identities.count(tx, kind, call.account) for kind in Kind} | {
            "Policies": policies.count(tx, call.account),
            "PolicyVersionsInUse": policies.version_count(tx, call.account),
        }
        # The first account's root user always has a key, never a password or a certificate.
        keys = {"AccountAccessKeysPresent": int(not creations.is_made(tx, call.account))}
    return {"SummaryMap": used | _quotas() | dict.fromkeys(_NOT_SERVED, 0) | _ROOT | keys}


def _quotas() -> dict[str, int]:
    counts = {f"{limits.plural(kind)}Quota": limits.PER_ACCOUNT[kind] for kind in Kind}
    sizes = {f"{kind.value}PolicySizeQuota": limits.INLINE_SIZE[kind] for kind in Kind}
    attached = {f"AttachedPoliciesPer{kind.value}Quota": limits.ATTACHED for kind in Kind}
    return {
        **counts,
        **sizes,
        **attached,
        "PoliciesQuota": limits.POLICIES_PER_ACCOUNT,
        "PolicySizeQuota": limits.POLICY_SIZE,
        "PolicyVersionsInUseQuota": limits.VERSIONS_IN_USE,
        "VersionsPerPolicyQuota": limits.VERSIONS_PER_POLICY,
        "AssumeRolePolicySizeQuota": limits.TRUST_SIZE,
        "AccessKeysPerUserQuota": limits.KEYS_PER_USER,
        "GroupsPerUserQuota": limits.GROUPS_PER_USER,
    }


_ROOT = {"GlobalEndpointTokenVersion": 1}
_NOT_SERVED = (
    "AccountMFAEnabled",
    "AccountPasswordPresent",
    "AccountSigningCertificatesPresent",
    "InstanceProfiles",
    "InstanceProfilesQuota",
    "MFADevices",
    "MFADevicesInUse",
    "Providers",
    "ServerCertificates",
    "ServerCertificatesQuota",
    "SigningCertificatesPerUserQuota",
)


@dataclass(frozen=True, slots=True)
class _Item:
    """One thing of the account: the list it is shown in, its place in the order, and itself."""

    member: str
    key: str
    thing: Entity | ManagedPolicy | AwsPolicy


def authorization_details(call: Call, params: Params) -> Result:
    """Every user, group, role and policy with all its documents, in pages."""
    wanted = params.get("Filter")
    with call.database.read() as tx:
        items = [item for name, item in _items(tx, call) if not wanted or name in wanted]
        page, ending = Page(call.operation, params).cut(items, lambda item: item.key)
        usage = (
            policies.attachment_counts(tx, call.account),
            identities.boundary_counts(tx, call.account),
        )
        answer: dict[str, list[Any]] = {member: [] for member in _LISTS}
        for item in page:
            shown = (
                _entity_detail(tx, item.thing)
                if isinstance(item.thing, Entity)
                else _policy_detail(tx, item.thing, *usage)
            )
            answer[item.member].append(shown)
    return {**answer, **ending}


_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


def _items(tx: Tx, call: Call) -> Iterator[tuple[str, _Item]]:
    """Everything there is to show, by the filter that selects it."""
    for place, kind in enumerate(Kind):
        for one in identities.listed(tx, kind, call.account):
            key = f"{place} {one.name.lower()}"
            yield kind.value, _Item(_LISTS[place], key, one)
    for own in policies.listed(tx, call.account):
        yield "LocalManagedPolicy", _Item("Policies", f"3 {own.name.lower()}", own)
    # Of AWS's policies those that are used: AWS shows no others either.
    used = {
        **policies.attachment_counts(tx, call.account),
        **identities.boundary_counts(tx, call.account),
    }
    for policy in filter(None, map(aws_policies.find, filter(aws_policies.is_aws, used))):
        yield "AWSManagedPolicy", _Item("Policies", f"4 {policy.name.lower()}", policy)


def _entity_detail(tx: Tx, one: Entity) -> dict[str, Any]:
    word = one.kind.value
    attached = policies.attached(tx, one.id)
    detail = shapes.entity(one) | {
        f"{word}PolicyList": shapes.embedded(policies.inline(tx, one.id)),
        "AttachedManagedPolicies": [shapes.attached_policy(arn) for arn in attached],
    }
    if one.kind is Kind.GROUP:
        return detail
    own = tags.of(tx, one.id)
    detail |= {"PermissionsBoundary": shapes.boundary(one), "Tags": shapes.tag_list(own) or []}
    if one.kind is Kind.USER:
        return detail | {"GroupList": [group.name for group in groups.groups_of(tx, one.id)]}
    return detail | {
        "AssumeRolePolicyDocument": documents.encoded(whom.shown(tx, one.trust)),
        "InstanceProfileList": [],
        "RoleLastUsed": shapes.last_used(one),
    }


def _policy_detail(
    tx: Tx,
    policy: ManagedPolicy | AwsPolicy,
    attached: dict[str, int],
    bounding: dict[str, int],
) -> dict[str, Any]:
    default = int(shapes.version_id(policy)[1:])
    versions = (
        policies.versions(tx, policy.id)
        if isinstance(policy, ManagedPolicy)
        else [Version(default, policy.document, policy.updated_ms)]
    )
    shown = [
        shapes.version(version, default) | {"Document": documents.encoded(version.document)}
        for version in versions
    ]
    return shapes.policy(policy, attached, bounding) | {"PolicyVersionList": shown}


OPERATIONS = (
    Operation("iam", "CreateAccountAlias", on_all(), create_alias),
    Operation("iam", "DeleteAccountAlias", on_all(), delete_alias),
    Operation("iam", "ListAccountAliases", on_all(), list_aliases),
    Operation("iam", "GetAccountSummary", on_all(), summary),
    Operation("iam", "GetAccountAuthorizationDetails", on_all(), authorization_details),
)
