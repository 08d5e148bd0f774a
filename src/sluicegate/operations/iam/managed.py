"""Managed policies: the account's own with up to five versions, and AWS's, which are read only."""

from collections.abc import Iterable

from ... import aws_policies
from ...access import Ask
from ...aws_policies import AwsPolicy
from ...errors import AwsError
from ...iam.model import PolicyKind
from ...store import identities, policies, tags
from ...store.database import Tx
from ...store.identities import Entity, Kind, arn_of
from ...store.policies import ManagedPolicy, Version
from ..operation import Call, Operation, Params, Result
from . import documents, limits, shapes, tagging
from .asks import on_all, on_policy, request_tags
from .paging import Page
from .subjects import managed, missing_policy, parsed, writing


def create_asks(call: Call, params: Params) -> Iterable[Ask]:
    """Ask for the policy to be made; sent tags ask for tagging too."""
    name = params.get("PolicyName") or ""
    arn = arn_of(call.account, "policy", params.get("Path") or "/", name)
    given = request_tags(params)
    yield Ask("iam:CreatePolicy", arn, request_tags=given, shown=f"policy {name}")
    if given:
        yield Ask("iam:TagPolicy", arn, request_tags=given, shown=f"policy {name}")


def create(call: Call, params: Params) -> Result:
    """Make a policy; its document becomes version 1."""
    name, document = params["PolicyName"], params["PolicyDocument"]
    given = tagging.given(params.get("Tags"))
    _check(document)
    taken = AwsError(
        "EntityAlreadyExists",
        f"A policy called {name} already exists. Duplicate names are not allowed.",
    )
    with writing(call, taken) as tx:
        number = policies.count(tx, call.account) + 1
        limits.within(number, "PoliciesPerAccount", limits.POLICIES_PER_ACCOUNT)
        policy = policies.add(
            tx,
            call.account,
            name,
            params.get("Path") or "/",
            params.get("Description"),
            document,
            call.now_ms,
        )
        tags.put(tx, policy.id, given)
    return {"Policy": shapes.policy(policy, {}, {}) | {"Tags": shapes.tag_list(given)}}


def get(call: Call, params: Params) -> Result:
    """One policy, without its document."""
    with call.database.read() as tx:
        policy = _readable(tx, call, params["PolicyArn"])
        own = tags.of(tx, policy.id)
        shown = shapes.policy(policy, *_usage(tx, call))
    more = {"Description": policy.description, "Tags": shapes.tag_list(own) or []}
    return {"Policy": shown | more}


def list_policies(call: Call, params: Params) -> Result:
    """The account's and AWS's policies, by name."""
    scope, usage = params.get("Scope") or "All", params.get("PolicyUsageFilter")
    prefix = params.get("PathPrefix") or "/"
    with call.database.read() as tx:
        found: list[ManagedPolicy | AwsPolicy] = []
        if scope != "AWS":
            found += policies.listed(tx, call.account)
        if scope != "Local":
            found += aws_policies.every().values()
        attached, bounding = _usage(tx, call)

    def is_shown(policy: ManagedPolicy | AwsPolicy) -> bool:
        uses = {"PermissionsPolicy": attached, "PermissionsBoundary": bounding}
        if usage is not None:
            is_used = policy.arn in uses[usage]
        else:
            is_used = not params.get("OnlyAttached") or policy.arn in attached
        return is_used and policy.path.startswith(prefix)

    shown = list(filter(is_shown, found))
    page = Page(call.operation, params)
    return page.of("Policies", shown, _key, lambda one: shapes.policy(one, attached, bounding))


def get_version(call: Call, params: Params) -> Result:
    """One version with its document. Of AWS's policies only the newest is known."""
    arn = params["PolicyArn"]
    with call.database.read() as tx:
        policy = _readable(tx, call, arn)
        version = _version(_versions(tx, policy), arn, params["VersionId"])
    shown = shapes.version(version, _default(policy))
    return {"PolicyVersion": shown | {"Document": documents.encoded(version.document)}}


def list_versions(call: Call, params: Params) -> Result:
    """The versions of a policy, newest first, without their documents."""
    with call.database.read() as tx:
        policy = _readable(tx, call, params["PolicyArn"])
        versions = _versions(tx, policy)
    # Markers go up, version numbers down; a policy has less than a million versions in its life.
    return Page(call.operation, params).of(
        "Versions",
        versions,
        lambda one: f"{10**6 - one.number:07}",
        lambda one: shapes.version(one, _default(policy)),
    )


def create_version(call: Call, params: Params) -> Result:
    """Add a version, and if so asked judge by it from now on."""
    _check(params["PolicyDocument"])
    is_default = bool(params.get("SetAsDefault"))
    with writing(call) as tx:
        policy = managed(tx, call, params["PolicyArn"])
        if len(policies.versions(tx, policy.id)) >= limits.VERSIONS_PER_POLICY:
            raise AwsError(
                "LimitExceeded",
                f"A managed policy can have up to {limits.VERSIONS_PER_POLICY} versions. Before "
                "you create a new version, you must delete an existing version.",
            )
        version = policies.add_version(
            tx, policy, params["PolicyDocument"], call.now_ms, is_default=is_default
        )
    default = version.number if is_default else policy.default_version
    return {"PolicyVersion": shapes.version(version, default)}


def set_default(call: Call, params: Params) -> Result:
    """Judge by another version from now on."""
    with writing(call) as tx:
        policy = managed(tx, call, params["PolicyArn"])
        version = _version(_versions(tx, policy), policy.arn, params["VersionId"])
        policies.set_default(tx, policy.id, version.number, call.now_ms)
    return {}


def delete_version(call: Call, params: Params) -> Result:
    """Delete a version that is not the default."""
    with writing(call) as tx:
        policy = managed(tx, call, params["PolicyArn"])
        version = _version(_versions(tx, policy), policy.arn, params["VersionId"])
        if version.number == policy.default_version:
            raise AwsError("DeleteConflict", "Cannot delete the default version of a policy.")
        policies.remove_version(tx, policy.id, version.number)
    return {}


def delete(call: Call, params: Params) -> Result:
    """Delete a policy that is attached to nothing and has one version left."""
    with writing(call) as tx:
        policy = managed(tx, call, params["PolicyArn"])
        attached, bounding = _usage(tx, call)
        if policy.arn in attached or policy.arn in bounding:
            raise AwsError("DeleteConflict", "Cannot delete a policy attached to entities.")
        if len(policies.versions(tx, policy.id)) > 1:
            raise AwsError(
                "DeleteConflict",
                "This policy has more than one version. Before you delete a policy, you must "
                "delete the policy's versions. The default version is deleted with the policy.",
            )
        tags.remove(tx, policy.id)
        policies.remove(tx, policy.id)
    return {}


def list_entities(call: Call, params: Params) -> Result:
    """Groups, users and roles of the account a policy is attached to or is the boundary of."""
    usage, wanted = params.get("PolicyUsageFilter"), params.get("EntityFilter")
    prefix = params.get("PathPrefix") or "/"
    with call.database.read() as tx:
        arn = _readable(tx, call, params["PolicyArn"]).arn
        holders: dict[str, Entity] = {}
        if usage != "PermissionsBoundary":
            holders |= _attached_to(tx, call.account, arn)
        if usage != "PermissionsPolicy":
            for kind in (Kind.USER, Kind.ROLE):
                bounded = identities.bounded_by(tx, kind, call.account, arn)
                holders |= {one.id: one for one in bounded}
    shown = [
        one
        for one in holders.values()
        if one.path.startswith(prefix) and wanted in (None, one.kind.value)
    ]
    page, ending = Page(call.operation, params).cut(shown, _holder_key)
    lists = {
        f"Policy{limits.plural(kind)}": [shapes.holder(one) for one in page if one.kind is kind]
        for kind in Kind
    }
    return {**lists, **ending}


def tag(call: Call, params: Params) -> Result:
    """Tag one of the account's own policies."""
    with writing(call) as tx:
        policy = managed(tx, call, params["PolicyArn"])
        tagging.put(tx, policy.id, "Policy", params["Tags"])
    return {}


def untag(call: Call, params: Params) -> Result:
    """Take tags away."""
    with writing(call) as tx:
        tagging.remove(tx, managed(tx, call, params["PolicyArn"]).id, params["TagKeys"])
    return {}


def list_tags(call: Call, params: Params) -> Result:
    """The tags of a policy."""
    with call.database.read() as tx:
        own = tags.of(tx, _readable(tx, call, params["PolicyArn"]).id)
    return tagging.page(call, params, own)


def _check(document: str) -> None:
    documents.check(document, PolicyKind.IDENTITY)
    limits.within(documents.size([document]), "PolicySize", limits.POLICY_SIZE)


def _readable(tx: Tx, call: Call, arn: str) -> ManagedPolicy | AwsPolicy:
    if not aws_policies.is_aws(parsed(arn)):
        return managed(tx, call, arn)
    policy = aws_policies.find(arn)
    if policy is None:
        raise missing_policy(arn)
    return policy


def _usage(tx: Tx, call: Call) -> tuple[dict[str, int], dict[str, int]]:
    """How often each policy is attached, and how often it is a boundary."""
    attached = policies.attachment_counts(tx, call.account)
    return attached, identities.boundary_counts(tx, call.account)


def _versions(tx: Tx, policy: ManagedPolicy | AwsPolicy) -> list[Version]:
    if isinstance(policy, ManagedPolicy):
        return policies.versions(tx, policy.id)
    return [Version(_default(policy), policy.document, policy.updated_ms)]


def _default(policy: ManagedPolicy | AwsPolicy) -> int:
    return int(shapes.version_id(policy)[1:])


def _version(versions: list[Version], arn: str, version_id: str) -> Version:
    for version in versions:
        if f"v{version.number}" == version_id:
            return version
    raise AwsError(
        "NoSuchEntity", f"Policy {arn} version {version_id} does not exist or is not attachable."
    )


def _attached_to(tx: Tx, account: str, arn: str) -> dict[str, Entity]:
    ids = policies.attached_entities(tx, account, arn)
    found = (identities.of_any_kind(tx, entity_id) for entity_id in ids)
    return {one.id: one for one in found if one is not None}


def _key(policy: ManagedPolicy | AwsPolicy) -> str:
    # A customer's policy may have the name of one of AWS's.
    return f"{policy.name.lower()} {policy.id}"


def _holder_key(one: Entity) -> str:
    return f"{one.kind.noun} {one.name.lower()}"


OPERATIONS = (
    Operation("iam", "CreatePolicy", create_asks, create),
    Operation("iam", "GetPolicy", on_policy, get),
    Operation("iam", "ListPolicies", on_all("policy/"), list_policies),
    Operation("iam", "GetPolicyVersion", on_policy, get_version),
    Operation("iam", "ListPolicyVersions", on_policy, list_versions),
    Operation("iam", "CreatePolicyVersion", on_policy, create_version),
    Operation("iam", "SetDefaultPolicyVersion", on_policy, set_default),
    Operation("iam", "DeletePolicyVersion", on_policy, delete_version),
    Operation("iam", "DeletePolicy", on_policy, delete),
    Operation("iam", "ListEntitiesForPolicy", on_policy, list_entities),
    Operation("iam", "TagPolicy", on_policy, tag),
    Operation("iam", "UntagPolicy", on_policy, untag),
    Operation("iam", "ListPolicyTags", on_policy, list_tags),
)
