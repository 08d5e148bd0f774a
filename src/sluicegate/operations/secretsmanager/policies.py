"""Resource policies of secrets, and what makes one public."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ... import iam
from ...access import Ask
from ...errors import AwsError
from ...iam.model import Context, PolicyKind
from ...store.database import Tx
from ...store.secrets import Secret
from .. import whom
from ..operation import Call, Operation, Params, Result
from . import copies, lookup

_PUBLIC = (
    "The resource policy grants access to everybody. Name principals, or restrict them with a "
    "condition on their account, organization, ARN or network."
)

# Positive operators on these keys leave a known set of callers.
_RESTRICTING_OPERATORS = ("stringequals", "stringlike", "arnequals", "arnlike", "ipaddress")
_RESTRICTING_KEYS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
    }
)


def _put_context(_call: Call, params: Params) -> Context:
    is_blocked = params.get("BlockPublicPolicy")
    return {"secretsmanager:BlockPublicPolicy": "true" if is_blocked else "false"}


def _put(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        secret = lookup.find_primary(tx, call, params["SecretId"])
        policy = _checked(tx, params["ResourcePolicy"], secret)
        if params.get("BlockPublicPolicy") and is_public(policy):
            raise AwsError("PublicPolicyException", _PUBLIC)
        copies.save(tx, replace(secret, policy=whom.pinned(tx, params["ResourcePolicy"])))
    return {"ARN": secret.arn, "Name": secret.name}


def _get(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        secret = lookup.find(tx, call, params["SecretId"])
        policy = None if secret.policy is None else whom.shown(tx, secret.policy)
    return {"ARN": secret.arn, "Name": secret.name, "ResourcePolicy": policy}


def _delete(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        secret = lookup.find_primary(tx, call, params["SecretId"])
        copies.save(tx, replace(secret, policy=None))
    return {"ARN": secret.arn, "Name": secret.name}


def _validate_asks(call: Call, params: Params) -> Iterable[Ask]:
    if not params.get("SecretId"):
        return [Ask("secretsmanager:ValidateResourcePolicy", "*")]
    with call.database.read() as tx:
        what = lookup.named(tx, call, params["SecretId"])
    return [lookup.ask("ValidateResourcePolicy", what, {})]


def _validate(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        secret = lookup.find(tx, call, params["SecretId"]) if params.get("SecretId") else None
        policy = _checked(tx, params["ResourcePolicy"], secret)
    errors = [{"CheckName": "PUBLIC_POLICY", "ErrorMessage": _PUBLIC}] if is_public(policy) else []
    return {"PolicyValidationPassed": not errors, "ValidationErrors": errors}


def is_public(policy: Mapping[str, Any]) -> bool:
    """Whether a policy lets in callers nobody has chosen."""
    return any(
        statement.get("Effect") == "Allow"
        and (_is_anybody(statement.get("Principal")) or "NotPrincipal" in statement)
        and not _is_restricted(statement.get("Condition") or {})
        for statement in _listed(policy.get("Statement"))
    )


def _is_anybody(principal: Any) -> bool:
    if isinstance(principal, dict):
        principal = principal.get("AWS")
    return "*" in _listed(principal)


def _is_restricted(conditions: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(
        operator.lower().rpartition(":")[2] in _RESTRICTING_OPERATORS
        and key.lower() in _RESTRICTING_KEYS
        and not any(str(value).strip("*") in ("", "0.0.0.0/0", "::/0") for value in _listed(values))
        for operator, keys in conditions.items()
        # An empty set passes ForAllValues: it restricts nobody.
        if not operator.lower().startswith("forallvalues:")
        for key, values in keys.items()
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _checked(tx: Tx, text: str, secret: Secret | None) -> dict[str, Any]:
    """A resource policy as the document it is, if Secrets Manager would take it for a secret.

    Who stands in the secret's policy may do so further when gone: a policy that was read can be
    put again, as MSK does to add a statement.
    """
    try:
        policy = iam.compile(text, PolicyKind.RESOURCE)
    except iam.MalformedPolicy as error:
        raise _malformed(
            str(error) if _is_json(text) else "This resource policy contains invalid Json."
        ) from None
    known = _principals(secret) if secret else frozenset()
    if not all(name in known or whom.exists(tx, name) for name in iam.principals_of(policy)):
        raise _malformed("This resource policy contains an unsupported principal.")
    document: dict[str, Any] = json.loads(text)
    return document


def _principals(secret: Secret) -> frozenset[str]:
    text = secret.policy
    return frozenset(iam.principals_of(iam.load(text, PolicyKind.RESOURCE)) if text else ())


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicyDocumentException", message)


OPERATIONS = (
    lookup.on_secret("PutResourcePolicy", _put, _put_context),
    lookup.on_secret("GetResourcePolicy", _get),
    lookup.on_secret("DeleteResourcePolicy", _delete),
    Operation("secretsmanager", "ValidateResourcePolicy", _validate_asks, _validate),
)
