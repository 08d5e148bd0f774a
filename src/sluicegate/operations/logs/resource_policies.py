"""Resource policies: which AWS services may write log events, into the account or one group.

As on AWS they count for service principals alone: for users and roles only their own policies do.
"""

import json
import uuid
from collections.abc import Iterable
from typing import Any

from ... import iam
from ...access import Ask, ResourcePolicy
from ...errors import AwsError
from ...iam.model import PolicyKind, PrincipalKind
from ...store import log_groups, log_resource_policies
from ...store.database import Tx
from ...store.log_groups import LogGroup
from ...store.log_resource_policies import LogResourcePolicy
from ..operation import Call, Operation, Params, Result
from .naming import (
    arn_in,
    arn_of,
    ask_account,
    group_arn,
    group_by_arn,
    group_of,
    on_stream,
)
from .paging import opened, sealed
from .refusals import invalid, missing

_MOST_POLICIES = 10
_LONGEST_NAME = 512
_PAGE = 50

_WRONG_REVISION = "The expected revision ID is not the current revision ID of the resource policy."


def ask_stream_with_policies(call: Call, params: Params) -> Iterable[Ask]:
    """Asks for writing to the stream a call means, resource policies included for services."""
    policy = None
    if call.caller.principal.kind is PrincipalKind.SERVICE:
        with call.database.read() as tx:
            policy = _joined(tx, call, group_of(tx, call, arn_in(call, params)))
    yield on_stream(call, params, policy)


def _joined(tx: Tx, call: Call, group: LogGroup | None) -> ResourcePolicy:
    """All statements that count for a group, in one document."""
    policies = log_resource_policies.of_account(tx, call.account, call.region)
    if group is not None:
        own = log_resource_policies.of_group(tx, call.account, call.region, group.id)
        policies += [own] if own else []
    statements: list[Any] = []
    for policy in policies:
        listed = json.loads(policy.document)["Statement"]
        statements += listed if isinstance(listed, list) else [listed]
    document = {"Version": "2012-10-17", "Statement": statements}
    return ResourcePolicy(json.dumps(document), PolicyKind.RESOURCE)


def _put(call: Call, params: Params) -> Result:
    document = params.get("policyDocument")
    if document is None:
        raise missing("policyDocument")
    try:
        iam.compile(document, PolicyKind.RESOURCE)
    except iam.MalformedPolicy as error:
        raise invalid(error.message) from None
    arn = params.get("resourceArn")
    name = "" if arn is not None else _name(params)
    with call.database.write() as tx:
        group = None if arn is None else group_by_arn(tx, call, arn_of(call, arn))
        if group is not None:
            _check_revision(tx, call, group, params.get("expectedRevisionId"))
        else:
            _check_limit(tx, call, name)
        policy = LogResourcePolicy(
            revision=str(uuid.uuid4()),
            group_id=group.id if group else "",
            name=name,
            document=document,
            updated_ms=call.now_ms,
        )
        log_resource_policies.put(tx, call.account, call.region, policy)
    return {
        "resourcePolicy": _entry(call, policy, group),
        "revisionId": policy.revision if group else None,
    }


def _name(params: Params) -> str:
    name: str | None = params.get("policyName")
    if not name:
        raise missing("policyName")
    if len(name) > _LONGEST_NAME or "\0" in name:
        raise invalid("Invalid policy name.")
    return name


def _check_revision(tx: Tx, call: Call, group: LogGroup, expected: str | None) -> None:
    """Whoever changes a group's policy says which one he has seen."""
    current = log_resource_policies.of_group(tx, call.account, call.region, group.id)
    if expected != (current.revision if current else None):
        raise AwsError("OperationAbortedException", _WRONG_REVISION)


def _check_limit(tx: Tx, call: Call, name: str) -> None:
    names = {each.name for each in log_resource_policies.of_account(tx, call.account, call.region)}
    if len(names | {name}) > _MOST_POLICIES:
        raise AwsError("LimitExceededException", "Resource limit exceeded.")


def _entry(call: Call, policy: LogResourcePolicy, group: LogGroup | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "policyDocument": policy.document,
        "lastUpdatedTime": policy.updated_ms,
        "policyScope": "RESOURCE" if group else "ACCOUNT",
    }
    if group is None:
        return entry | {"policyName": policy.name}
    return entry | {"resourceArn": group_arn(call, group.name), "revisionId": policy.revision}


def _delete(call: Call, params: Params) -> Result:
    arn = params.get("resourceArn")
    with call.database.write() as tx:
        if arn is not None:
            group = group_by_arn(tx, call, arn_of(call, arn))
            if log_resource_policies.of_group(tx, call.account, call.region, group.id) is None:
                raise _unknown(arn)
            _check_revision(tx, call, group, params.get("expectedRevisionId"))
            log_resource_policies.remove(tx, call.account, call.region, group.id, "")
            return {}
        name = _name(params)
        if not log_resource_policies.remove(tx, call.account, call.region, "", name):
            raise _unknown(name)
    return {}


def _unknown(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Policy with name [{name}] does not exist.")


def _describe(call: Call, params: Params) -> Result:
    arn = params.get("resourceArn")
    scope = params.get("policyScope") or ("ACCOUNT" if arn is None else "RESOURCE")
    token, limit = params.get("nextToken"), params.get("limit") or _PAGE
    after = "" if token is None else str(opened(token, str)[0])
    with call.database.read() as tx:
        entries = _account_entries(tx, call) if scope == "ACCOUNT" else _entries(tx, call, arn)
    names = [name for name in sorted(entries) if name > after]
    return {
        "resourcePolicies": [entries[name] for name in names[:limit]],
        "nextToken": sealed(names[limit - 1]) if len(names) > limit else None,
    }


def _account_entries(tx: Tx, call: Call) -> dict[str, dict[str, Any]]:
    policies = log_resource_policies.of_account(tx, call.account, call.region)
    return {policy.name: _entry(call, policy, None) for policy in policies}


def _entries(tx: Tx, call: Call, arn: str | None) -> dict[str, dict[str, Any]]:
    """The policies of log groups, or of the one with this ARN, by the group's name."""
    if arn is not None:
        groups = [group_by_arn(tx, call, arn_of(call, arn))]
    else:
        groups = log_groups.with_ids(
            tx,
            [
                policy.group_id
                for policy in log_resource_policies.of_groups(tx, call.account, call.region)
            ],
        )
    found = {}
    for group in groups:
        policy = log_resource_policies.of_group(tx, call.account, call.region, group.id)
        if policy is not None:
            found[group.name] = _entry(call, policy, group)
    return found


OPERATIONS = (
    Operation("logs", "PutResourcePolicy", ask_account, _put),
    Operation("logs", "DescribeResourcePolicies", ask_account, _describe),
    Operation("logs", "DeleteResourcePolicy", ask_account, _delete),
)
