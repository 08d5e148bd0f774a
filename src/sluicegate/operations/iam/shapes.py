"""Users, groups, roles and policies as the service model spells them."""

from collections.abc import Mapping
from typing import Any

from ...aws_policies import AwsPolicy
from ...clock import to_second
from ...store.identities import Entity
from ...store.policies import ManagedPolicy, Version
from . import documents


def entity(one: Entity) -> dict[str, Any]:
    """What any answer shows of a user, group or role."""
    word = one.kind.value
    return {
        "Path": one.path,
        f"{word}Name": one.name,
        f"{word}Id": one.id,
        "Arn": one.arn,
        "CreateDate": to_second(one.created_ms),
    }


def user(one: Entity, tags: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A user; lists show no tags."""
    return entity(one) | {"PermissionsBoundary": boundary(one), "Tags": tag_list(tags)}


def role(one: Entity, trust: str) -> dict[str, Any]:
    """A role as a list shows it; `trust` is the policy as it is read back."""
    return entity(one) | {
        "AssumeRolePolicyDocument": documents.encoded(trust),
        "Description": one.description,
        "MaxSessionDuration": one.max_session_seconds,
        "MaxSigninSessionDuration": one.max_signin_seconds,
    }


def whole_role(one: Entity, trust: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """A role with everything known of it."""
    return role(one, trust) | {
        "PermissionsBoundary": boundary(one),
        "RoleLastUsed": last_used(one),
        "Tags": tag_list(tags),
    }


def created_role(one: Entity, trust: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """A role as its creation shows it: AWS leaves out the session length and the boundary."""
    members = role(one, trust) | {"Tags": tag_list(tags)}
    del members["MaxSessionDuration"]
    return members


def last_used(one: Entity) -> dict[str, Any]:
    """When a role's session last made a call; empty before the first."""
    if one.last_used_ms is None:
        return {}
    return {"LastUsedDate": to_second(one.last_used_ms), "Region": one.last_used_region}


def boundary(one: Entity) -> dict[str, Any] | None:
    """A permissions boundary. The model's enum has a longer word; AWS sends this one."""
    if one.boundary_arn is None:
        return None
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": one.boundary_arn}


def tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]] | None:
    """Tags as a list of pairs; absent when there are none."""
    return [{"Key": key, "Value": value} for key, value in tags.items()] if tags else None


def policy(
    one: ManagedPolicy | AwsPolicy, attached: Mapping[str, int], bounding: Mapping[str, int]
) -> dict[str, Any]:
    """A managed policy as lists show it, with how often it is attached and is a boundary."""
    return {
        "PolicyName": one.name,
        "PolicyId": one.id,
        "Arn": one.arn,
        "Path": one.path,
        "DefaultVersionId": version_id(one),
        "AttachmentCount": attached.get(one.arn, 0),
        "PermissionsBoundaryUsageCount": bounding.get(one.arn, 0),
        "IsAttachable": True,
        "CreateDate": to_second(one.created_ms),
        "UpdateDate": to_second(one.updated_ms),
    }


def version_id(one: ManagedPolicy | AwsPolicy) -> str:
    """The id of the default version: `vN`."""
    return one.version if isinstance(one, AwsPolicy) else f"v{one.default_version}"


def version(one: Version, default: int) -> dict[str, Any]:
    """A version as lists show it, without its document."""
    return {
        "VersionId": f"v{one.number}",
        "IsDefaultVersion": one.number == default,
        "CreateDate": to_second(one.created_ms),
    }


def attached_policy(arn: str) -> dict[str, str]:
    """An attachment, seen from the user, group or role."""
    return {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn}


def embedded(document_by_name: Mapping[str, str]) -> list[dict[str, str]]:
    """Embedded policies with their documents."""
    return [
        {"PolicyName": name, "PolicyDocument": documents.encoded(document)}
        for name, document in document_by_name.items()
    ]


def holder(one: Entity) -> dict[str, str]:
    """A user, group or role, seen from a policy."""
    return {f"{one.kind.value}Name": one.name, f"{one.kind.value}Id": one.id}
