"""`sluicegate explain ID`: why a recorded request was allowed or denied.

An ordinary client of GetRequestAuthorizationDetails.
"""

import contextlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ..store.authorization_ids import id_of
from .answers import document
from .reach import Reach

_MISSING = (
    "take the id from the header x-sluicegate-authorization-id of the answer, or the UUID a broker "
    "says, or name the --region of the call"
)


def explain(to: Reach, decision_id: str, *, as_json: bool) -> int:
    """Print the decision; 0 when it is found, 1 when not.

    Clients of brokers are told a UUID, which is the id of a decision in other letters.
    """
    with contextlib.suppress(ValueError):
        decision_id = id_of(decision_id)
    details = document(
        to,
        f"/authorization-details/{quote(decision_id, safe='')}",
        member="requestContext",
        missing=_MISSING,
        service="iam",
    )
    if as_json:
        print(json.dumps(details, indent=2))
    else:
        _tell(details)
    return 0


def _tell(details: Mapping[str, Any]) -> None:
    context = dict(details["requestContext"])
    refused_by = context.pop("sluicegate:RefusedBy", "")
    reason = context.pop("sluicegate:Reason", "")
    statement = context.pop("sluicegate:SmallestStatement", None)
    for evaluation in details["evaluations"]:
        _tell_evaluation(evaluation, context, refused_by, reason)
    if statement:
        print("\nthe smallest statement that would have allowed it")
        print(f"  {json.dumps(statement)}")
    print("\nmade against")
    for policy in details["policies"]:
        print(f"  {policy['type']:<24} {policy['uri']}")
    print("\nwith the condition keys")
    for key, value in sorted(context.items()):
        print(f"  {key:<28} {value if isinstance(value, str) else ', '.join(value)}")


def _tell_evaluation(
    evaluation: Mapping[str, Any], context: Mapping[str, Any], refused_by: str, reason: str
) -> None:
    effect = evaluation["evaluatedEffect"]
    for name, fact in (
        ("decision", f"{effect} by the {refused_by}" if refused_by else effect),
        ("reason", reason),
        ("principal", context.get("aws:PrincipalArn", "")),
        ("action", evaluation["action"]),
        ("resource", evaluation["resource"]),
    ):
        if fact:
            print(f"{name:<10} {fact}")
    for check in evaluation["checks"]:
        place = f" at {check['targetArn']}" if _is_of_a_level(check) else ""
        print(f"\n{check['checkType']:<24} {check['evaluatedEffect']}{place}")
        for policy in check["matchedPolicies"]:
            for statement in policy["matchedStatements"]:
                sid = statement["sid"]
                print(f"  {statement['evaluatedEffect']:<6} {policy['uri']} statement {sid}")


def _is_of_a_level(check: Mapping[str, Any]) -> bool:
    """Whether a check is one of several alike, on the way down through an organization."""
    return check["checkType"].endswith("_CONTROL_POLICY") and "targetArn" in check
