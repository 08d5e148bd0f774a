"""IAM Toolbox: why a request was allowed or denied, for every recorded decision.

AWS answers this for most of IAM's own APIs; here every decision has an answer, those that services
make on somebody's behalf included. As on AWS, it is told in all accounts of an organization.
"""

from collections.abc import Iterable

import msgspec

from ..access import Ask
from ..errors import AwsError
from ..store.decisions import Recorded
from ..store.organizations import nodes
from .operation import Call, Operation, Params, Result

_DETAILS = "iam:GetRequestAuthorizationDetails"
_POLICY = "iam:GetRequestAuthorizationPolicy"


def _asks_details(_call: Call, _params: Params) -> Iterable[Ask]:
    yield Ask(_DETAILS, "*")


def _get_details(call: Call, params: Params) -> Result:
    if params.get("nextToken"):
        # An answer is one page: a decision here has one evaluation.
        raise AwsError("ValidationException", "The nextToken is not valid.")
    kept = _find(call, params)
    context: dict[str, object] = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in kept.context.items()
    }
    details = dict(kept.details)
    if statement := details.pop("smallestStatement"):
        # AWS's object has no member for it; a context is a map of whatever keys there are.
        context["sluicegate:SmallestStatement"] = statement
    if kept.layer:
        context["sluicegate:RefusedBy"] = kept.layer
        if not any(each["checks"] for each in kept.details["evaluations"]):
            # No policy was asked, so none can say it: a broker could not tell who it was.
            context["sluicegate:Reason"] = kept.reason
    return {"requestContext": context, **details}


def _asks_policy(_call: Call, _params: Params) -> Iterable[Ask]:
    yield Ask(_POLICY, "*")


def _get_policy(call: Call, params: Params) -> Result:
    kept = _find(call, params)
    uri = params.get("policyUri", "")
    if uri not in kept.documents:
        raise AwsError(
            "ResourceNotFoundException", f"The request was not evaluated against a policy {uri}."
        )
    return {"policyDocument": _document(kept.documents[uri])}


def _find(call: Call, params: Params) -> Recorded:
    identity = params["authorizationId"]
    with call.database.read() as tx:
        others = nodes.accounts_with(tx, call.account)
    kept = call.decisions.find(call.account, call.region, identity, also=others)
    if kept is None:
        raise AwsError(
            "ResourceNotFoundException",
            f"No authorization details were found for authorization id {identity}.",
        )
    return kept


def _document(text: str) -> object:
    """The policy as it was evaluated; one that could not even be read, as its text."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {"unreadable": text}


OPERATIONS = (
    Operation("iam-toolbox", "GetRequestAuthorizationDetails", _asks_details, _get_details),
    Operation("iam-toolbox", "GetRequestAuthorizationPolicy", _asks_policy, _get_policy),
)
