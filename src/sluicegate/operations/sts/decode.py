"""DecodeAuthorizationMessage: what EC2's denials carry as an encoded message.

The message is the id of the recorded decision; decoded, it is told in the form AWS documents.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ...access import Ask
from ...errors import AwsError
from ...iam.model import Effect
from ...store.decisions import Recorded
from ..operation import Call, Operation, Params, Result


def _asks(_call: Call, _params: Params) -> Iterable[Ask]:
    yield Ask("sts:DecodeAuthorizationMessage", "*")


def _decode(call: Call, params: Params) -> Result:
    message = params["EncodedMessage"]
    is_id = re.fullmatch(r"[0-9a-z]{1,32}", message)
    kept = call.decisions.find(call.account, call.region, message) if is_id else None
    if kept is None:
        raise AwsError("InvalidAuthorizationMessageException", "Message is not valid", status=400)
    return {"DecodedMessage": json.dumps(_told(kept))}


def _told(kept: Recorded) -> Mapping[str, Any]:
    conditions = [
        {"key": key, "values": {"items": [{"value": value} for value in _values(given)]}}
        for key, given in sorted(kept.context.items())
    ]
    matched = [
        {"statementId": statement["sid"], "effect": statement["evaluatedEffect"], "policy": uri}
        for evaluation in kept.details.get("evaluations", ())
        for policy in evaluation["matchedPolicies"]
        for uri in (policy["uri"],)
        for statement in policy["matchedStatements"]
    ]
    return {
        "allowed": kept.effect is Effect.ALLOW,
        "explicitDeny": kept.effect is Effect.EXPLICIT_DENY,
        "matchedStatements": {"items": matched},
        "failures": {"items": []},
        "context": {
            "principal": {"id": kept.context.get("aws:userid", ""), "arn": kept.principal},
            "action": kept.action,
            "resource": kept.resource,
            "conditions": {"items": conditions},
        },
    }


def _values(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else given


OPERATIONS = (Operation("sts", "DecodeAuthorizationMessage", _asks, _decode),)
