"""Which KMS key a log group's events are for.

The key is tried as AWS does it: by CloudWatch Logs as itself, for this group. The key's policy must
allow `logs.REGION.amazonaws.com`; the caller needs nothing on the key.
"""

from collections.abc import Iterable
from dataclasses import replace

from ...access import Ask, Caller
from ...arn import Arn
from ...errors import AccessDenied, AwsError, Unavailable
from ...iam.model import Principal, PrincipalKind
from ...store import log_groups
from ...store.database import Tx
from ...store.log_groups import LogGroup
from ..operation import Call, Operation, Params, Result
from .naming import (
    arn_of,
    group_by_arn,
    on_group,
)
from .refusals import invalid

_BOTH = "The parameters logGroupName and resourceIdentifier are mutually exclusive."
_NEITHER = "Either logGroupName or resourceIdentifier must be specified."


def check_key(call: Call, key: str, group_arn: str) -> None:
    """Refuse a key that CloudWatch Logs cannot encrypt this group's events with."""
    refusal = (
        f"The specified KMS key does not exist or is not allowed to be used with Arn '{group_arn}'"
    )
    arn = Arn.find(key)
    if arn is None or arn.service != "kms" or not arn.resource.startswith("key/"):
        raise invalid(refusal)
    trial = {
        "KeyId": key,
        "KeySpec": "AES_256",
        "EncryptionContext": {"aws:logs:arn": group_arn},
    }
    as_service = replace(call, caller=_service(call, group_arn))
    try:
        call.calls.forward(as_service, "kms", "GenerateDataKeyWithoutPlaintext", trial)
    except Unavailable:
        raise
    except AccessDenied:
        raise AwsError("AccessDeniedException", refusal, status=400) from None
    except AwsError:
        raise invalid(refusal) from None


def _service(call: Call, group_arn: str) -> Caller:
    """CloudWatch Logs as itself: only what key policies allow it."""
    name = f"logs.{call.region}.amazonaws.com"
    return Caller(
        Principal(PrincipalKind.SERVICE, call.account, name, name, frozenset({name})),
        access_key="",
        entity_id=name,
        name=name,
        context={
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": name,
            "aws:PrincipalServiceNamesList": (name,),
            "aws:SourceAccount": call.account,
            "aws:SourceArn": group_arn,
        },
    )


def _target(call: Call, params: Params) -> str:
    return arn_of(call, params.get("resourceIdentifier") or params.get("logGroupName") or "")


def _asks(call: Call, params: Params) -> Iterable[Ask]:
    yield on_group(call, f"logs:{call.operation}", _target(call, params))


def _group(tx: Tx, call: Call, params: Params) -> LogGroup:
    name, identifier = params.get("logGroupName"), params.get("resourceIdentifier")
    if name is not None and identifier is not None:
        raise invalid(_BOTH)
    if name is None and identifier is None:
        raise invalid(_NEITHER)
    if identifier is not None and ":query-result:" in identifier:
        raise invalid("Query results cannot have a key here: there are no queries.")
    return group_by_arn(tx, call, _target(call, params))


def _associate(call: Call, params: Params) -> Result:
    key = params["kmsKeyId"]
    with call.database.read() as tx:
        _group(tx, call, params)
    check_key(call, key, _target(call, params))
    with call.database.write() as tx:
        log_groups.set_key(tx, _group(tx, call, params).id, key)
    return {}


def _disassociate(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        log_groups.set_key(tx, _group(tx, call, params).id, None)
    return {}


OPERATIONS = (
    Operation("logs", "AssociateKmsKey", _asks, _associate),
    Operation("logs", "DisassociateKmsKey", _asks, _disassociate),
)
