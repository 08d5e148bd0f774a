"""`sluicegate explain ID`: why a recorded request was allowed or denied.

An ordinary client: it calls GetRequestAuthorizationDetails with the credentials and endpoint that
the environment names (`eval "$(sluicegate env)"`), else as root of the local state folder.
"""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from ..errors import StartRefused
from ..serve.keys import open_root_key
from ..serve.state import StateFolder
from ..settings import Settings
from ..wire.client import Credentials, Unanswered, client


def explain(settings: Settings, decision_id: str, *, as_json: bool) -> int:
    """Print the decision; 0 when it is found, 1 when not."""
    toolbox = client(
        "iam-toolbox",
        endpoint_url=os.environ.get("AWS_ENDPOINT_URL", settings.endpoint),
        region=os.environ.get("AWS_REGION", settings.region),
        credentials=_credentials(settings),
    )
    try:
        details = toolbox.get_request_authorization_details(authorizationId=decision_id)
    except Unanswered as error:
        print(f"sluicegate: {error}", file=sys.stderr)
        return 1
    details.pop("ResponseMetadata")
    if as_json:
        print(json.dumps(details, indent=2))
    else:
        _tell(details)
    return 0


def _credentials(settings: Settings) -> Credentials:
    access_key = os.environ.get("AWS_ACCESS_KEY_ID")
    secret_key = os.environ.get("AWS_SECRET_ACCESS_KEY")
    if access_key and secret_key:
        return Credentials(access_key, secret_key, os.environ.get("AWS_SESSION_TOKEN"))
    folder = StateFolder(settings.state_folder)
    if not settings.root_credentials and not folder.root_credentials.exists():
        raise StartRefused('no credentials; run `eval "$(sluicegate env)"` first')
    root = open_root_key(folder, settings)
    return Credentials(root.access_key, root.secret_key)


def _tell(details: Mapping[str, Any]) -> None:
    context = dict(details["requestContext"])
    refused_by = context.pop("sluicegate:RefusedBy", "")
    statement = context.pop("sluicegate:SmallestStatement", None)
    for evaluation in details["evaluations"]:
        _tell_evaluation(evaluation, context, refused_by)
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
    evaluation: Mapping[str, Any], context: Mapping[str, Any], refused_by: str
) -> None:
    effect = evaluation["evaluatedEffect"]
    for name, fact in (
        ("decision", f"{effect} by the {refused_by}" if refused_by else effect),
        ("principal", context.get("aws:PrincipalArn", "")),
        ("action", evaluation["action"]),
        ("resource", evaluation["resource"]),
    ):
        print(f"{name:<10} {fact}")
    for check in evaluation["checks"]:
        print(f"\n{check['checkType']:<24} {check['evaluatedEffect']}")
        for policy in check["matchedPolicies"]:
            for statement in policy["matchedStatements"]:
                sid = statement["sid"]
                print(f"  {statement['evaluatedEffect']:<6} {policy['uri']} statement {sid}")
