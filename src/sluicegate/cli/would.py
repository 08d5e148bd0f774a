"""`sluicegate explain PRINCIPAL ACTION RESOURCE`: whether a call would be allowed, and why.

An ordinary client of SimulatePrincipalPolicy.
"""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import SettingRefused
from ..wire.client import Unanswered, code_of, message_of
from .answers import Clients, answered, clients
from .reach import Reach
from .table import plain

_EFFECTS = {
    "allowed": "ALLOW",
    "implicitDeny": "IMPLICIT_DENY",
    "explicitDeny": "EXPLICIT_DENY",
}
_NOUNS = ("role", "user", "group")
_BARE = ("role", "user")
_MEANT_WRONGLY = frozenset({"InvalidInput", "ValidationError"})
_IDENTITY, _BOUNDARY = "identity-based policy", "permissions boundary"


@dataclass(frozen=True, slots=True)
class Would:
    """One simulated call: whose, the API's answer about it, and the layers that refuse."""

    principal: str
    answer: Mapping[str, Any]
    refused_by: tuple[str, ...] = ()

    @property
    def result(self) -> Mapping[str, Any]:
        """The one action's result."""
        result: Mapping[str, Any] = self.answer["EvaluationResults"][0]
        return result

    @property
    def is_allowed(self) -> bool:
        """Whether the call would go ahead."""
        return bool(self.result["EvalDecision"] == "allowed")


def would(to: Reach, principal: str, action: str, resource: str, *, as_json: bool) -> int:
    """Print the verdict; 0 where the call would be allowed, 1 where not."""

    with answered(to):
        found = asked(clients(to), principal, action, resource)
    if as_json:
        answer = {key: one for key, one in found.answer.items() if key != "ResponseMetadata"}
        print(json.dumps(answer, indent=2))
    else:
        print("\n".join(map(plain, told(found, action, resource))))
    return 0 if found.is_allowed else 1


def asked(clients: Clients, principal: str, action: str, resource: str) -> Would:
    """What the simulation answers about the first principal of that name there is."""
    params = {"ActionNames": [action], "ResourceArns": [resource]}
    for arn in _meant(clients, principal):
        try:
            answer = clients("iam").simulate_principal_policy(PolicySourceArn=arn, **params)
        except Unanswered as refusal:
            if code_of(refusal) == "NoSuchEntity":
                continue
            if code_of(refusal) in _MEANT_WRONGLY:
                message = plain(message_of(refusal)).rstrip(".")
                raise SettingRefused(f"{message}; correct it, and ask again") from None
            raise
        return Would(arn, answer, tuple(_refusing(clients, arn, params, answer)))
    raise SettingRefused(
        f"there is no `{plain(principal)}`; name an ARN, role/NAME, user/NAME or group/NAME"
    )


def _meant(clients: Clients, principal: str) -> Iterator[str]:
    """The ARNs a name may stand for, the likeliest first. A session has its role's policies."""
    noun, slash, name = principal.partition("/")
    if principal.startswith("arn:"):
        parts = principal.split(":", 5)
        is_session = len(parts) == 6 and parts[5].startswith("assumed-role/")
        role = parts[5].split("/")[1] if is_session else ""
        yield f"{':'.join(parts[:2])}:iam::{parts[4]}:role/{role}" if is_session else principal
        return
    nouns = (noun,) if slash and noun in _NOUNS else _BARE
    account = clients("sts").get_caller_identity()["Account"]
    for each in nouns:
        yield f"arn:aws:iam::{account}:{each}/{name if nouns == (noun,) else principal}"


def _refusing(
    clients: Clients, arn: str, params: Mapping[str, Any], answer: Mapping[str, Any]
) -> Iterator[str]:
    """The layers that refuse, those that others hide included."""
    (result,) = answer["EvaluationResults"]
    decision = result["EvalDecision"]
    if not result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True):
        yield "service control policy"
        return
    bounded = result.get("PermissionsBoundaryDecisionDetail", {})
    is_bounded = not bounded.get("AllowedByPermissionsBoundary", True)
    if decision == "allowed":
        return
    if decision == "explicitDeny":
        types = {one["SourcePolicyType"] for one in result["MatchedStatements"]}
        if "IAM Policy" in types:
            yield _IDENTITY
        if "Permissions Boundary Policy" in types:
            yield _BOUNDARY
        return
    if not is_bounded or not _is_allowed_unbounded(clients, arn, params):
        yield _IDENTITY
    if is_bounded:
        yield _BOUNDARY


def _is_allowed_unbounded(clients: Clients, arn: str, params: Mapping[str, Any]) -> bool:
    left_out = [{"PolicyType": "permission-boundary"}]
    answer = clients("iam").simulate_principal_policy(
        PolicySourceArn=arn, PolicyExclusionList=left_out, **params
    )
    return bool(answer["EvaluationResults"][0]["EvalDecision"] == "allowed")


def told(found: Would, action: str, resource: str) -> list[str]:
    """The verdict in lines, as `explain ID` has them."""
    result = found.result
    effect = _EFFECTS[result["EvalDecision"]]
    by = f" by the {' and the '.join(found.refused_by)}" if found.refused_by else ""
    facts = (
        ("decision", f"{effect}{by}"),
        ("principal", found.principal),
        ("action", action),
        ("resource", resource),
    )
    lines = [f"{name:<10} {fact}" for name, fact in facts]
    if result["MatchedStatements"]:
        lines += ["", "statements that decide"]
        lines += [_statement(one, effect) for one in result["MatchedStatements"]]
    if result["MissingContextValues"]:
        lines += ["", "condition keys that policies ask for and nobody gave"]
        lines += [f"  {key}" for key in result["MissingContextValues"]]
    if effect == "IMPLICIT_DENY" and {_IDENTITY, _BOUNDARY} & {*found.refused_by}:
        lines += ["", *_remedy(found, action, resource)]
    return lines


def _statement(one: Mapping[str, Any], effect: str) -> str:
    word = "ALLOW" if effect == "ALLOW" else "DENY"
    line = f"  {word:<6} {one['SourcePolicyId']} ({one['SourcePolicyType']})"
    if "StartPosition" not in one:
        return line
    first, last = (
        f"{place['Line']}:{place['Column']}" for place in (one["StartPosition"], one["EndPosition"])
    )
    return f"{line} at {first} to {last}"


def _remedy(found: Would, action: str, resource: str) -> Iterator[str]:
    """The smallest statement that would allow it, and how it gets into a policy."""
    statement = {
        "Effect": "Allow",
        "Action": action,
        "Resource": resource.replace("${", "${$}{"),
    }
    yield "the smallest statement that would allow it"
    yield f"  {json.dumps(statement)}"
    if _IDENTITY in found.refused_by:
        noun, _, name = found.principal.split(":", 5)[5].partition("/")
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        policy = f"allow-{action.replace(':', '-')}"
        yield "put it there"
        yield (
            f"  aws iam put-{noun}-policy --{noun}-name {shlex.quote(name.rpartition('/')[2])} "
            f"--policy-name {shlex.quote(policy)} --policy-document {shlex.quote(document)}"
        )
    if _BOUNDARY in found.refused_by:
        yield "add it to the policy that is the permissions boundary"
