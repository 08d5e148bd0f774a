"""Every served operation is denied to whom no policy allows it, and has a test of its own."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from tests.house.sources import under
from tests.wire.generator import Generator

from sluicegate.operations import served
from sluicegate.operations.operation import Operation
from sluicegate.testing import Endpoint
from sluicegate.wire.model import action_prefix, operation_model

_NOBODY_IS_DENIED = {("sts", "GetCallerIdentity")}

# Where the action is not called as the operation is.
_ACTIONS = {
    ("kms", "ReEncrypt"): "kms:ReEncryptFrom",
    ("lambda", "Invoke"): "lambda:InvokeFunction",
}

# A generated name may be an ARN of somebody else's account.
_OWN = {
    "FunctionName": "orders",
    "Resource": "arn:aws:lambda:us-east-1:000000000000:function:orders",
}

_DENIALS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}

# `Put*Policy`, of an f-string: a verb, and something filled in.
_TABLE_ENTRY = re.compile(r"[A-Z][a-z]{2,}\w*\*\w*")


def test_a_user_without_policies_is_denied_every_operation_in_aws_s_words(
    endpoint: Endpoint,
) -> None:
    nobody = endpoint.user("nobody")
    services = {operation.service for operation in served()}
    clients = {service: nobody.client(service) for service in services}
    unlike_aws = {}
    for operation in served():
        call = getattr(clients[operation.service], xform_name(operation.name))
        answer = _answer(call, _params(endpoint, operation))
        if (operation.service, operation.name) in _NOBODY_IS_DENIED:
            assert answer == ("", ""), operation.name
        elif not _is_denial(operation, nobody.arn, answer):
            unlike_aws[f"{operation.service}:{operation.name}"] = answer
    assert unlike_aws == {}


def test_every_operation_is_named_in_a_test() -> None:
    names = {*_names("tests/unit/operations"), *_names("tests/wire")}
    patterns = [name.replace("*", r"\w+") for name in names if _TABLE_ENTRY.fullmatch(name)]
    untested = {
        f"{operation.service}:{operation.name}"
        for operation in served()
        if not {operation.name, xform_name(operation.name)} & names
        and not any(re.fullmatch(pattern, operation.name) for pattern in patterns)
    }
    assert untested == set()


def test_no_operation_is_served_twice() -> None:
    names = [(operation.service, operation.name) for operation in served()]
    assert len(names) == len(set(names))


def _params(endpoint: Endpoint, operation: Operation) -> Mapping[str, Any]:
    """The least a client may send; where that leads nowhere, what root made for the purpose."""
    match operation.service, operation.name:
        case "sts", "AssumeRole":
            role = f"arn:aws:iam::{endpoint.settings.account}:role/worker"
            return {"RoleArn": role, "RoleSessionName": "session"}
        case "kms", "Decrypt":
            return {"CiphertextBlob": _ciphertext(endpoint)}
        case "kms", "ReEncrypt":
            return {"CiphertextBlob": _ciphertext(endpoint), "DestinationKeyId": "alias/any"}
    shape = operation_model(operation.service, operation.name).input_shape
    params = Generator(seed=1).members(shape, fill="required") if shape else {}
    if operation.service == "lambda":
        params |= {name: text for name, text in _OWN.items() if name in params}
    return params


def _ciphertext(endpoint: Endpoint) -> bytes:
    kms = endpoint.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    blob: bytes = kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
    return blob


def _answer(call: Callable[..., Any], params: Mapping[str, Any]) -> tuple[str, str]:
    """Code and message of the refusal; empty when there was none."""
    try:
        call(**params)
    except ClientError as refusal:
        fault = refusal.response["Error"]
        return fault["Code"], fault["Message"]
    return "", ""


def _is_denial(operation: Operation, arn: str, answer: tuple[str, str]) -> bool:
    code, message = answer
    action = f"{action_prefix(operation.service)}:{operation.name}"
    action = _ACTIONS.get((operation.service, operation.name), action)
    sentence = rf"User: {re.escape(arn)} is not authorized to perform: {action} on resource: "
    because = rf"because no (identity-based|role trust) policy allows the {action} action"
    return code in _DENIALS and bool(re.search(f"{sentence}.* {because}", message, re.DOTALL))


def _names(folder: str) -> Iterator[str]:
    """Names of methods and texts in the tests; what is filled into a text stands as `*`."""
    for path, tree in under(folder).items():
        if not path.name.startswith("test_"):
            continue
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(attr=name):
                    yield name
                case ast.Constant(value=str(text)):
                    yield text
                case ast.JoinedStr(values=parts):
                    yield "".join(_part(part) for part in parts)


def _part(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "*"
