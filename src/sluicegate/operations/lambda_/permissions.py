"""Function policies: AddPermission, RemovePermission, GetPolicy.

A statement lets a principal do one action with the function, a version or an alias. Users and
roles are kept by unique id, so that one deleted and made again is not meant by it.
"""

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from ... import iam
from ...access import Ask
from ...arn import root_arn
from ...errors import AwsError
from ...iam.model import Context, PolicyKind
from ...store import function_policies
from ...store.database import Tx
from ...store.function_policies import FunctionPolicy
from ...store.function_versions import LATEST
from ...store.functions import Function
from .. import whom
from ..operation import Call, Operation, Params, Result
from . import naming
from .refusals import check_revision, conflict, invalid, not_found

_MOST_BYTES = 20_480
_SERVICE = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com)")
_ACCOUNT = re.compile(r"\d{12}")
_NONE = "No policy is associated with the given resource."

_Document = dict[str, Any]


def _add_asks(call: Call, params: Params) -> Iterable[Ask]:
    context: dict[str, str] = {}
    for key in ("Principal", "FunctionUrlAuthType"):
        if params.get(key):
            context[f"lambda:{key}"] = params[key]
    with call.database.read() as tx:
        return [naming.ask(tx, "AddPermission", naming.meant(tx, call, params), context)]


def _add(call: Call, params: Params) -> Result:
    sid = params["StatementId"]
    with call.database.write() as tx:
        what = naming.meant(tx, call, params)
        if what.qualifier == LATEST:
            raise invalid("We currently do not support adding policies for $LATEST.")
        function, qualifier = _meant(tx, call, params)
        if qualifier:
            naming.resolve(tx, function, qualifier)
        stored = function_policies.find(tx, function.id, qualifier)
        check_revision(params.get("RevisionId"), stored.revision if stored else "", "GetPolicy")
        document = _document(stored)
        if any(each["Sid"] == sid for each in document["Statement"]):
            raise conflict(
                f"The statement id ({sid}) provided already exists. Please provide a new "
                "statement id, or remove the existing statement."
            )
        statement = _statement(tx, params, what.arn)
        document["Statement"].append(statement)
        _put(tx, function, qualifier, document)
    return {"Statement": _written(statement)}


def _statement(tx: Tx, params: Params, arn: str) -> _Document:
    conditions: dict[str, dict[str, str]] = {}
    for operator, key, member in (
        ("StringEquals", "AWS:SourceAccount", "SourceAccount"),
        ("StringEquals", "lambda:EventSourceToken", "EventSourceToken"),
        ("StringEquals", "lambda:FunctionUrlAuthType", "FunctionUrlAuthType"),
        ("StringEquals", "aws:PrincipalOrgID", "PrincipalOrgID"),
        ("ArnLike", "AWS:SourceArn", "SourceArn"),
    ):
        if params.get(member):
            conditions.setdefault(operator, {})[key] = params[member]
    if params.get("InvokedViaFunctionUrl") is not None:
        text = str(params["InvokedViaFunctionUrl"]).lower()
        conditions.setdefault("Bool", {})["lambda:InvokedViaFunctionUrl"] = text
    statement: _Document = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(tx, params["Principal"]),
        "Action": params["Action"],
        "Resource": arn,
    }
    if conditions:
        statement["Condition"] = conditions
    return statement


def _principal(tx: Tx, name: str) -> str | dict[str, str]:
    """The Principal element for a request's principal; who does not exist is refused."""
    if name == "*":
        return "*"
    if _SERVICE.fullmatch(name):
        return {"Service": name}
    if _ACCOUNT.fullmatch(name):
        return {"AWS": root_arn(name)}
    if not name.startswith("arn:") or not whom.exists(tx, name):
        raise invalid(
            "The provided principal was invalid. Please check the principal and try again."
        )
    return {"AWS": name}


def _remove_context(tx: Tx, what: naming.Named, params: Params) -> Context:
    """The principal of the statement that would go, as the policy shows it."""
    function = what.function
    stored = function_policies.find(tx, function.id, what.qualifier) if function else None
    if stored is None:
        return {}
    for statement in json.loads(whom.shown(tx, stored.text))["Statement"]:
        if statement["Sid"] == params.get("StatementId"):
            principal = statement["Principal"]
            names = principal.values() if isinstance(principal, dict) else [principal]
            return {"lambda:Principal": next(iter(names))}
    return {}


def _remove_asks(call: Call, params: Params) -> Iterable[Ask]:
    with call.database.read() as tx:
        what = naming.meant(tx, call, params)
        context = _remove_context(tx, what, params)
        return [naming.ask(tx, "RemovePermission", what, context)]


def _remove(call: Call, params: Params) -> Result:
    sid = params["StatementId"]
    with call.database.write() as tx:
        function, qualifier = _meant(tx, call, params)
        stored = function_policies.find(tx, function.id, qualifier)
        if stored is None:
            raise not_found(_NONE)
        check_revision(params.get("RevisionId"), stored.revision, "GetPolicy")
        document = _document(stored)
        left = [each for each in document["Statement"] if each["Sid"] != sid]
        if len(left) == len(document["Statement"]):
            raise not_found(f"Statement {sid} is not found in resource policy.")
        _put(tx, function, qualifier, document | {"Statement": left})
    return {}


def _get(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        function, qualifier = _meant(tx, call, params)
        stored = function_policies.find(tx, function.id, qualifier)
        if stored is None:
            raise not_found(_NONE)
        shown = whom.shown(tx, stored.text)
    return {"Policy": _written(json.loads(shown)), "RevisionId": stored.revision}


def _meant(tx: Tx, call: Call, params: Params) -> tuple[Function, str]:
    what = naming.meant(tx, call, params)
    if what.function is None and what.region == call.region and not what.disputed:
        raise not_found(f"No policy found for: {what.arn}")
    return naming.found(call, what), what.qualifier


def _document(stored: FunctionPolicy | None) -> _Document:
    if stored is None:
        return {"Version": "2012-10-17", "Id": "default", "Statement": []}
    document: _Document = json.loads(stored.text)
    return document


def _put(tx: Tx, function: Function, qualifier: str, document: _Document) -> None:
    """Store a policy; one without statements is none."""
    if not document["Statement"]:
        function_policies.delete(tx, function.id, qualifier)
        return
    text = whom.pinned(tx, _written(document))
    if len(text.encode()) > _MOST_BYTES:
        raise AwsError(
            "PolicyLengthExceededException",
            f"The final policy size ({len(text.encode())}) is bigger than the limit "
            f"({_MOST_BYTES}).",
        )
    try:
        iam.compile(text, PolicyKind.RESOURCE)
    except iam.MalformedPolicy as error:
        raise invalid(str(error)) from None
    policy = FunctionPolicy(function.id, qualifier, text, str(uuid.uuid4()))
    function_policies.put(tx, policy)


def _written(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


OPERATIONS = (
    Operation("lambda", "AddPermission", _add_asks, _add),
    Operation("lambda", "RemovePermission", _remove_asks, _remove),
    naming.on_qualified("GetPolicy", _get),
)
